"""The built-in worlds: shoppers and readers whose reasons are known, generated from a seed with integers alone.

``vocab/*.yaml`` says what a world is made of, and ``spec`` reads it. ``catalogue`` makes the items, ``users`` the
users' hidden states, ``choice_model`` their choices, ``reasons`` the known rationales, ``simulate`` the corpus.
``ceilings`` computes the best scores that are possible, with the ``posterior`` of the hidden states.
"""
