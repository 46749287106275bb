"""Garments, colours, materials, patterns, occasions and wearers, read from the titles of fashion listings.

Fashion listings of web shops have no categories worth the name, so that what a rationale can speak of has to come from
their titles. The table below maps words to values; a longer phrase goes first (``bow tie`` is no ``tie``), and those
of ``_NOTHING`` are there to be passed over. A title may have several values of one kind. Nothing but the title is read.

>>> attributes("Navy floral maxi dress with cap sleeves, women's M")
{'garment': ('dress',), 'colour': ('navy',), 'pattern': ('floral',), 'wearer': ('women',)}
"""

from __future__ import annotations

from rad.features.bm25 import tokenize

_NOTHING = (
    "cap sleeve, tie dye, tie neck, tie front, tie waist, o ring, d ring, key ring, dress up, slip on, top quality"
)
_VALUES: dict[str, dict[str, str]] = {
    "garment": {
        "dress": "dress, sundress, gown, minidress, swing dress, shirt dress, sweater dress, tank dress",
        "blouse": "blouse",
        "shirt": "shirt, dress shirt, polo, flannel shirt",
        "t-shirt": "t shirt, tshirt, tee, tee shirt",
        "top": "top, crop top, camisole, cami, halter top, tube top, blouse top",
        "tank top": "tank top, tank",
        "tunic": "tunic",
        "sweater": "sweater, pullover, jumper, knitwear, turtleneck",
        "cardigan": "cardigan",
        "hoodie": "hoodie, sweatshirt, hooded sweatshirt",
        "jacket": "jacket, bomber, windbreaker, bolero, shrug",
        "blazer": "blazer, suit jacket, tuxedo",
        "coat": "coat, overcoat, parka, trench, peacoat, poncho, cape, cloak",
        "kimono": "kimono",
        "vest": "vest, waistcoat",
        "skirt": "skirt, tutu",
        "pants": "pants, pant, trousers, slacks, capri, jogger, sweatpants, dress pants, yoga pants, harem pants",
        "leggings": "leggings, legging, jeggings",
        "jeans": "jeans",
        "shorts": "shorts",
        "jumpsuit": "jumpsuit, romper, playsuit, overalls, bodysuit, onesie",
        "swimwear": "swimsuit, swimwear, bikini, monokini, tankini, swimdress, bathing suit, swim trunks, swim suit",
        "cover-up": "cover up, coverup, sarong",
        "bra": "bra, bralette, sports bra, nipple cover",
        "underwear": "underwear, panties, panty, brief, boxer, undershirt, thong, underpants, g string, bloomers",
        "lingerie": "lingerie, babydoll, corset, bustier, garter, teddy, chemise, negligee, slip",
        "shapewear": "shapewear, waist trainer, body shaper, cincher, girdle",
        "sleepwear": "sleepwear, pajamas, pajama, pyjamas, nightgown, nightdress, robe, bathrobe, dressing gown, "
        "sleepshirt, nightwear",
        "socks": "socks, sock, leg warmers",
        "tights": "tights, stockings, stocking, pantyhose, hosiery, fishnet",
        "costume": "costume, cosplay",
        "necklace": "necklace, choker, pendant, locket",
        "bracelet": "bracelet, bangle, wristband, cuff bracelet, anklet",
        "earrings": "earrings, earring, ear studs, ear stud, ear cuff",
        "ring": "ring",
        "brooch": "brooch, lapel pin",
        "charm": "charm, bead charm",
        "body jewellery": "belly ring, nose ring, body jewelry, piercing, navel ring, belly button ring",
        "watch": "watch",
        "hat": "hat, cap, beanie, headwear, fedora, fascinator, beret, visor",
        "scarf": "scarf, scarves, shawl, pashmina, bandana, wrap shawl",
        "gloves": "gloves, glove, mittens",
        "belt": "belt, suspenders",
        "tie": "necktie, bow tie, bowtie, tie, cravat, pocket square",
        "glasses": "sunglasses, glasses, eyewear, eyeglasses, goggles",
        "bag": "bag, handbag, tote, purse, clutch, backpack, satchel, crossbody",
        "wallet": "wallet, card case, card holder, money clip",
        "shoes": "shoes, shoe, sandals, heels, pump, flats, sneakers, slippers, loafers, flip flops, heel, "
        "sandal, sneaker, slipper, loafer, clog",
        "boots": "boots, boot, booties",
        "hair accessory": "headband, hair clip, hair bow, hairpin, tiara, hair comb, head wrap, wig",
    },
    "colour": {
        "black": "black",
        "white": "white, ivory",
        "grey": "grey, gray, charcoal",
        "blue": "blue, royal blue, sky blue, light blue, dark blue",
        "navy": "navy, navy blue",
        "turquoise": "turquoise, teal, aqua",
        "red": "red, scarlet",
        "wine red": "burgundy, wine, wine red, maroon",
        "pink": "pink, hot pink, fuchsia, coral",
        "purple": "purple, lavender, violet, plum",
        "green": "green, olive, army green",
        "yellow": "yellow, mustard",
        "orange": "orange",
        "brown": "brown, coffee, chocolate, tan",
        "beige": "beige, khaki, camel, apricot, nude, cream",
        "multicoloured": "multicolor, multicolored, multicolour, multicoloured, multi color, rainbow, colorful",
    },
    "material": {
        "lace": "lace",
        "chiffon": "chiffon",
        "cotton": "cotton",
        "leather": "leather, faux leather, pu leather, suede, faux suede",
        "denim": "denim",
        "silk": "silk, satin",
        "wool": "wool, cashmere",
        "knit": "knit, knitted, crochet, crocheted",
        "velvet": "velvet",
        "mesh": "mesh, sheer",
        "fleece": "fleece, flannel",
        "fur": "fur, faux fur",
        "linen": "linen",
        "sequins": "sequin, sequined, glitter",
        "sterling silver": "sterling silver, 925 silver, 925 sterling silver, s925",
        "silver": "silver, silver plated, silver tone",
        "gold": "gold, gold plated, gold tone, 18k, 14k, 10k",
        "rose gold": "rose gold, rose gold plated",
        "steel": "stainless steel, titanium, tungsten",
        "crystal": "crystal, rhinestone, swarovski, cubic zirconia, cz",
        "pearl": "pearl",
        "gemstone": "gemstone, amethyst, sapphire, topaz, opal, garnet, emerald, ruby, diamond, jade, agate",
    },
    "pattern": {
        "floral": "floral, flower, rose print",
        "stripes": "striped, stripe, pinstripe",
        "dots": "polka dot, polka dots, dotted",
        "plaid": "plaid, tartan, check, checkered, houndstooth, buffalo check",
        "animal print": "leopard, zebra, animal print, snakeskin, cheetah",
        "tribal": "tribal, aztec, ethnic, african print, dashiki",
        "camouflage": "camouflage, camo",
        "plain": "solid, plain, solid color",
    },
    "occasion": {
        "wedding": "wedding, bridal, bridesmaid, bride",
        "evening": "evening, prom, formal, ball gown, cocktail",
        "party": "party, clubwear, club wear, club, nightclub",
        "work": "work, office, business, ol",
        "casual": "casual, everyday",
        "beach": "beach, beachwear, boardshorts",
        "sports": "sport, sports, yoga, gym, running, workout, athletic, fitness",
        "Halloween": "halloween",
        "Christmas": "christmas, xmas, santa",
    },
    "wearer": {
        "women": "women, woman, womens, ladies, lady, junior, female",
        "men": "men, man, mens, male",
        "girls": "girl, little girl",
        "boys": "boy",
        "babies": "baby, toddler, infant, newborn, babies",
        "children": "kids, kid, children, childrens, child",
        "plus size": "plus size, plus sized",
        "maternity": "maternity, pregnant, nursing",
    },
}


def _forms(phrase: str) -> list[str]:
    """A phrase in the singular and the plural."""
    return [phrase, f"{phrase}s", f"{phrase}es", *([f"{phrase[:-1]}ies"] if phrase.endswith("y") else ())]


_PHRASES: dict[str, tuple[str, str] | None] = {
    **{form: None for phrase in _NOTHING.split(", ") for form in _forms(phrase)},
    **{
        form: (kind, value)
        for kind, table in _VALUES.items()
        for value, phrases in table.items()
        for phrase in phrases.split(", ")
        for form in _forms(phrase)
    },
}
_LONGEST = max(phrase.count(" ") for phrase in _PHRASES) + 1


def attributes(title: str) -> dict[str, tuple[str, ...]]:
    """Kind -> values in the order of the title, without the kinds of which there are none."""
    words = tokenize(title.replace("'s", "s").replace("’s", "s"))
    values: dict[str, dict[str, None]] = {kind: {} for kind in _VALUES}
    k = 0
    while k < len(words):
        for n in range(_LONGEST, 0, -1):
            phrase = " ".join(words[k : k + n])
            if phrase in _PHRASES:
                if claim := _PHRASES[phrase]:
                    values[claim[0]][claim[1]] = None
                k += n
                break
        else:
            k += 1
    return {kind: tuple(ordered) for kind, ordered in values.items() if ordered}
