"""The best scores that are possible on a built-in world: the oracle and the Bayes ceiling.

The *oracle* knows the user's hidden state (tastes, limit, current need) but not in which way the choice will be made:
it ranks by the exact distribution, unexplained choices included. The *Bayes ceiling* ranks by p(next item | history),
averaged over hidden states sampled from their posterior (:mod:`rad.world.posterior`). It knows the generator and each
item's appeal; of the user it knows the history alone. On average, sampling can only lose accuracy, so it is a lower
bound of the true ceiling. The difference between single chains and their pool shows how tight it is; where the score
that its probabilities promise is the one they get, the posterior is right.

``bounds`` computes both, ``known_wants`` what the known reasons alone would give, and ``store`` reads the results.
"""

from rad.world.ceilings.store import scores, stored

__all__ = ["scores", "stored"]
