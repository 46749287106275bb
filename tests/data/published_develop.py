"""Texts in the manner of published rationales, the half that the checks are developed on (:mod:`published_heldout`)."""

from __future__ import annotations

CATS = ("Hartz Just For Cats Mice", "KitNipBox Cat Tunnel", "Greenies Feline Dental Treats")
COFFEE = ("Hario V60 Ceramic Dripper", "Bonavita Gooseneck Kettle")
FILMS = ("Heat", "Collateral", "The Insider")
GARDEN = ("Fiskars Bypass Pruning Shears", "Haws Copper Watering Can")

ROWS: tuple[tuple[str, str, tuple[str, ...], frozenset[str]], ...] = (
    # of the history alone
    ("The user bought Hartz mice and gave them five stars.", "PetFusion Scratching Lounge", CATS, frozenset()),
    ("The KitNipBox tunnel got a rating of 4.0.", "PetFusion Scratching Lounge", CATS, frozenset()),
    ("The user has consistently given high ratings to cat toys.", "PetFusion Scratching Lounge", CATS, frozenset()),
    ("Previously purchased treats show care for teeth.", "PetFusion Scratching Lounge", CATS, frozenset()),
    ("Greenies treats were reviewed as a favourite of both cats.", "PetFusion Scratching Lounge", CATS, frozenset()),
    ("Their history shows that they liked the toys for cats.", "PetFusion Scratching Lounge", CATS, frozenset()),
    ("The user purchased the Hario dripper and loved it.", "Baratza Encore Grinder", COFFEE, frozenset()),
    ("The Bonavita kettle was chosen for its spout.", "Baratza Encore Grinder", COFFEE, frozenset()),
    ("Both earlier purchases were rated 5 out of 5.", "Baratza Encore Grinder", COFFEE, frozenset()),
    ("The shopper has already bought a dripper and a kettle.", "Baratza Encore Grinder", COFFEE, frozenset()),
    ("Past feedback is about control over the pour.", "Baratza Encore Grinder", COFFEE, frozenset()),
    ("They rated Heat 5 and The Insider 4.5 stars.", "Thief", FILMS, frozenset()),
    ("The viewer enjoyed the crime films that they watched so far.", "Thief", FILMS, frozenset()),
    ("Collateral scored high marks.", "Thief", FILMS, frozenset()),
    ("Most films they liked were set at night.", "Thief", FILMS, frozenset()),
    ("The user chose the Fiskars shears and the Haws can.", "Niwaki Tripod Ladder", GARDEN, frozenset()),
    ("The user was very pleased with the shears by Fiskars.", "Niwaki Tripod Ladder", GARDEN, frozenset()),
    ("All of these items were highly rated by the user.", "Niwaki Tripod Ladder", GARDEN, frozenset()),
    # of the target, or of nobody knows which
    ("So they purchased a lounge to scratch on.", "PetFusion Scratching Lounge", CATS, frozenset({"hindsight"})),
    ("They gave this item 5 stars.", "PetFusion Scratching Lounge", CATS, frozenset({"hindsight", "rating"})),
    ("Having bought the tunnel, they chose this lounge.", "PetFusion Scratching Lounge", CATS,
     frozenset({"hindsight"})),
    ("The target was rated 4 stars, like the Hartz mice.", "PetFusion Scratching Lounge", CATS,
     frozenset({"hindsight", "rating"})),
    ("PetFusion's lounge is for cats that scratch.", "PetFusion Scratching Lounge", CATS, frozenset({"names_target"})),
    ("Because of the Hario dripper they bought a grinder.", "Baratza Encore Grinder", COFFEE, frozenset({"hindsight"})),
    ("The user loved it.", "Baratza Encore Grinder", COFFEE, frozenset({"rating"})),
    ("Baratza grinders are what the dripper lacks.", "Baratza Encore Grinder", COFFEE, frozenset({"names_target"})),
    ("Encore Grinder owners pour by hand.", "Baratza Encore Grinder", COFFEE, frozenset({"names_target"})),
    ("After the kettle, the next purchase was a grinder.", "Baratza Encore Grinder", COFFEE, frozenset({"hindsight"})),
    ("This film was rated five stars, as Heat was.", "Thief", FILMS, frozenset({"hindsight", "rating"})),
    ("The viewer ended up with another film by the same director.", "Thief", FILMS, frozenset({"hindsight"})),
    ("It received a high score of 9/10.", "Thief", FILMS, frozenset({"rating"})),
    ("The chosen film shares the night of Collateral.", "Thief", FILMS, frozenset({"hindsight"})),
    ("The Niwaki was bought to prune trees with the Fiskars shears.", "Niwaki Tripod Ladder", GARDEN,
     frozenset({"hindsight", "names_target"})),
    ("The user picked a ladder.", "Niwaki Tripod Ladder", GARDEN, frozenset({"hindsight"})),
    ("The new ladder exceeded expectations.", "Niwaki Tripod Ladder", GARDEN, frozenset({"rating"})),
    # of what is to come, in words that name nothing
    ("Scratching posts would save the sofa.", "PetFusion Scratching Lounge", CATS, frozenset()),
    ("A grinder is what the dripper and the kettle lack.", "Baratza Encore Grinder", COFFEE, frozenset()),
    ("More of the same director may follow.", "Thief", FILMS, frozenset()),
    ("Ladders reach what shears do not.", "Niwaki Tripod Ladder", GARDEN, frozenset()),
)  # fmt: skip
