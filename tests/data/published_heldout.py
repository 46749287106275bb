"""Texts in the manner of published rationales, the half that was written before the checks were extended.

Each has the text, the title of the target, the titles of the history, and the rules that it breaks. What is of the
history alone, with ratings and purchases of it, breaks none.
"""

from __future__ import annotations

HATS = ("Barmah Squashy Kangaroo Hat", "Tilley LTM6 Airflo Hat")
BAGS = ("Osprey Daylite Hiking Backpack", "Pelham Leather Messenger Bag", "Tamrac Camera Sling")
CAMERA = "Joby GorillaPod Travel Tripod"
TOOLS = ("Fluke 117 Electricians Multimeter", "Klein Tools Wire Stripper")
BOOKS = ("The Way of Kings", "Words of Radiance", "Elantris")
RUN = ("Balega Hidden Comfort Socks", "Nathan SpeedDraw Flask")

ROWS: tuple[tuple[str, str, tuple[str, ...], frozenset[str]], ...] = (
    # of the history alone
    ("The user bought the Tilley Airflo and gave it 5 stars.", "Outback Oilskin Coat", HATS, frozenset()),
    ("Their past reviews praise light hats that pack flat.", "Outback Oilskin Coat", HATS, frozenset()),
    ("The Barmah hat was rated 2/5 because it lost its shape.", "Outback Oilskin Coat", HATS, frozenset()),
    ("They purchased two hats before, both for hot weather.", "Outback Oilskin Coat", HATS, frozenset()),
    ("In the past, the shopper chose hats with a wide brim.", "Outback Oilskin Coat", HATS, frozenset()),
    ("The user has rated similar items highly.", "Hioki Clamp Meter", TOOLS, frozenset()),
    ("Having bought the Fluke 117, the user works on mains circuits.", "Hioki Clamp Meter", TOOLS, frozenset()),
    ("The Klein stripper was returned after a bad review.", "Hioki Clamp Meter", TOOLS, frozenset()),
    ("Earlier orders show tools for electricians, all with good reviews.", "Hioki Clamp Meter", TOOLS, frozenset()),
    ("The history has a meter that scored high marks for safety.", "Hioki Clamp Meter", TOOLS, frozenset()),
    ("The reader loved The Way of Kings and finished it in a week.", "Warbreaker", BOOKS, frozenset()),
    ("Elantris got three stars, the two others five.", "Warbreaker", BOOKS, frozenset()),
    ("The reader usually picked long books of epic fantasy.", "Warbreaker", BOOKS, frozenset()),
    ("Previous ratings are high for worlds with rules of magic.", "Warbreaker", BOOKS, frozenset()),
    ("They enjoyed the first two volumes, so a world of its own may appeal.", "Warbreaker", BOOKS, frozenset()),
    ("The runner bought Balega socks and was happy with them.", "Saucony Peregrine Trail Shoes", RUN, frozenset()),
    ("The flask by Nathan was added for long runs.", "Saucony Peregrine Trail Shoes", RUN, frozenset()),
    ("The user's previous purchases were for distance.", "Saucony Peregrine Trail Shoes", RUN, frozenset()),
    ("They liked the leather bag for its smell.", CAMERA, BAGS, frozenset()),
    ("The user disliked the roomy camera sling because its strap cut in.", CAMERA, BAGS, frozenset()),
    ("The user was unhappy with the zips of the backpack, and a tripod has none.", CAMERA, BAGS, frozenset()),
    ("They may have found the sling too small.", CAMERA, BAGS, frozenset()),
    ("Work matters to them, as shown by their purchase of a messenger bag.", CAMERA, BAGS, frozenset()),
    ("The straps did not hold as expected.", CAMERA, BAGS, frozenset()),
    ("The history includes a tripod that was rated 3 stars.", CAMERA, BAGS, frozenset()),
    ("They raved about the last two bags.", CAMERA, BAGS, frozenset()),
    # of the target, or of nobody knows which
    ("They liked the tripod for its weight.", CAMERA, BAGS, frozenset({"rating"})),
    ("They disliked it, though the backpack was fine.", CAMERA, BAGS, frozenset({"rating"})),
    ("Like the leather bag, the tripod did well: they were pleased with the tripod.", CAMERA, BAGS,
     frozenset({"rating"})),
    ("The backpack led to their choice of a tripod.", CAMERA, BAGS, frozenset({"hindsight"})),
    ("As expected, a tripod was ordered after the sling.", CAMERA, BAGS, frozenset({"hindsight"})),
    ("The history of bags made them buy a tripod.", CAMERA, BAGS, frozenset({"hindsight"})),
    ("They want the joby gorillapod travel tripod.", CAMERA, BAGS, frozenset({"names_target"})),
    ("Wants a GorillaPod Tripod.", CAMERA, BAGS, frozenset({"names_target"})),
    ("So they bought the coat.", "Outback Oilskin Coat", HATS, frozenset({"hindsight"})),
    ("The user rated it 5 stars.", "Outback Oilskin Coat", HATS, frozenset({"rating"})),
    ("After the Tilley hat they ended up choosing a coat.", "Outback Oilskin Coat", HATS, frozenset({"hindsight"})),
    ("This purchase continues a line of outdoor wear.", "Outback Oilskin Coat", HATS, frozenset({"hindsight"})),
    ("Like the Barmah hat, this coat was chosen for rain.", "Outback Oilskin Coat", HATS, frozenset({"hindsight"})),
    ("The Fluke 117 led them to buy a clamp meter.", "Hioki Clamp Meter", TOOLS, frozenset({"hindsight"})),
    ("Hioki's clamp fits a kit of meters.", "Hioki Clamp Meter", TOOLS, frozenset({"names_target"})),
    ("A Hioki would complete the kit.", "Hioki Clamp Meter", TOOLS, frozenset({"names_target"})),
    ("Because of the Fluke 117 they purchased the Hioki.", "Hioki Clamp Meter", TOOLS,
     frozenset({"hindsight", "names_target"})),
    ("It was rated highly, as was the Fluke 117.", "Hioki Clamp Meter", TOOLS, frozenset({"rating"})),
    ("Warbreaker is by the author of all three.", "Warbreaker", BOOKS, frozenset({"names_target"})),
    ("The next book was given four stars.", "Warbreaker", BOOKS, frozenset({"hindsight", "rating"})),
    ("They loved this book as much as Elantris.", "Warbreaker", BOOKS, frozenset({"hindsight", "rating"})),
    ("The selected book has gods who walk the streets.", "Warbreaker", BOOKS, frozenset({"hindsight"})),
    ("Saucony shoes would suit the trails.", "Saucony Peregrine Trail Shoes", RUN, frozenset({"names_target"})),
    ("Saucony's shoes would suit the trails.", "Saucony Peregrine Trail Shoes", RUN, frozenset({"names_target"})),
    ("Peregrine Shoes have the grip for mud.", "Saucony Peregrine Trail Shoes", RUN, frozenset({"names_target"})),
    ("With Balega socks on, they went for trail shoes.", "Saucony Peregrine Trail Shoes", RUN,
     frozenset({"hindsight"})),
    ("They have chosen shoes with grip.", "Saucony Peregrine Trail Shoes", RUN, frozenset({"hindsight"})),
    ("The trail shoes met all expectations.", "Saucony Peregrine Trail Shoes", RUN, frozenset({"rating"})),
    # of what is to come, in words that name nothing
    ("Trail shoes would go with the socks.", "Saucony Peregrine Trail Shoes", RUN, frozenset()),
    ("A travel tripod would fit the backpack.", CAMERA, BAGS, frozenset()),
    ("Travel tripods would fit the backpack.", CAMERA, BAGS, frozenset()),
    ("A coat for rain is what the hats lack.", "Outback Oilskin Coat", HATS, frozenset()),
    ("Clamp meters measure without a cut in the wire.", "Hioki Clamp Meter", TOOLS, frozenset()),
    ("Something by the same author is likely.", "Warbreaker", BOOKS, frozenset()),
)  # fmt: skip
