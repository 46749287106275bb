"""The built-in worlds: shoppers and readers whose reasons are known, generated from a seed with integers alone.

``spec`` says what a world is made of, ``fashion`` and ``science`` fill it in, ``catalogue`` makes the items,
``people`` the users' hidden state, ``engine`` their choices, ``reasons`` the known rationales, ``corpus`` the data set.
``ceilings`` computes the best scores that are possible.
"""
