"""The world of papers: the vocabulary of fields, methods and groups, and how readers' projects follow each other."""

from __future__ import annotations

from rad.world.spec import Need, Spec

VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    "field": {
        "language": ("language", "text processing"),
        "vision": ("vision", "image understanding"),
        "retrieval": ("retrieval", "search and ranking"),
        "robotics": ("robotics", "embodied machines"),
        "medicine": ("medicine", "clinical care"),
        "ecology": ("ecology", "living environments"),
        "materials": ("materials", "solid matter"),
    },
    "topic": {
        "translation": ("translation", "rendering between tongues", "cross-lingual transfer of sentences"),
        "summarisation": ("summarisation", "condensing documents", "abstract writing"),
        "dialogue": ("dialogue", "conversational agents", "chat systems"),
        "parsing": ("parsing", "syntactic analysis", "grammar induction"),
        "sentiment": ("sentiment", "opinion mining", "polarity of reviews"),
        "segmentation": ("segmentation", "pixel labelling", "region delineation"),
        "detection": ("detection", "object localisation", "bounding boxes"),
        "image synthesis": ("image synthesis", "picture generation", "generative imaging"),
        "tracking": ("tracking", "following targets over frames", "motion association"),
        "depth estimation": ("depth estimation", "monocular distance", "stereo reconstruction"),
        "recommendation": ("recommendation", "personalised suggestion", "preference modelling"),
        "dense matching": ("dense matching", "embedding lookup", "vector nearest neighbours"),
        "question answering": ("question answering", "responding to queries", "machine reading"),
        "query rewriting": ("query rewriting", "reformulating requests", "search intent expansion"),
        "click models": ("click models", "user browsing behaviour", "implicit feedback analysis"),
        "grasping": ("grasping", "picking up objects", "hand manipulation"),
        "locomotion": ("locomotion", "legged walking", "gait control"),
        "navigation": ("navigation", "path finding", "mapping and localisation"),
        "swarms": ("swarms", "multi-agent coordination", "collective machines"),
        "diagnosis": ("diagnosis", "identifying disease", "detecting illness"),
        "drug discovery": ("drug discovery", "screening molecules", "compound search"),
        "triage": ("triage", "prioritising patients", "emergency sorting"),
        "genomics": ("genomics", "DNA sequencing", "hereditary variation"),
        "epidemics": ("epidemics", "spread of infection", "outbreak dynamics"),
        "biodiversity": ("biodiversity", "species richness", "variety of life"),
        "migration": ("migration", "animal movement", "seasonal travel of birds"),
        "soil carbon": ("soil carbon", "ground sequestration", "earth organic matter"),
        "forest loss": ("forest loss", "deforestation", "shrinking woodland"),
        "batteries": ("batteries", "energy storage cells", "electrodes"),
        "catalysis": ("catalysis", "reaction acceleration", "active surfaces"),
        "polymers": ("polymers", "long-chain plastics", "macromolecules"),
        "crystals": ("crystals", "lattice structure", "periodic solids"),
    },
    "method": {
        "survey": ("survey", "literature overview", "review of the state of the art"),
        "benchmark": ("benchmark", "systematic comparison", "leaderboard evaluation"),
        "theory": ("theory", "formal proofs", "mathematical bounds"),
        "ablation": ("ablation", "component removal analysis", "what matters and what does not"),
        "replication": ("replication", "independent reproduction", "rerunning published results"),
        "field trial": ("field trial", "in-the-wild deployment", "real-world rollout"),
        "simulation": ("simulation", "synthetic experiments", "virtual environments"),
        "user study": ("user study", "interviews with participants", "human-subject evaluation"),
        "pre-training": ("pre-training", "self-supervised learning at scale", "foundation models"),
        "distillation": ("distillation", "compressing a large teacher", "student networks"),
        "bayesian inference": ("bayesian inference", "posterior sampling", "probabilistic modelling"),
        "reinforcement": ("reinforcement", "reward-driven learning", "policy optimisation"),
        "causal analysis": ("causal analysis", "interventions and confounders", "counterfactual estimation"),
        "tutorial": ("tutorial", "a gentle introduction", "teaching notes"),
    },
    "data": {
        "web crawl": ("web crawl", "scraped pages", "internet-scale corpora"),
        "sensor logs": ("sensor logs", "instrument readings", "telemetry"),
        "satellite images": ("satellite images", "remote sensing", "orbital photographs"),
        "health records": ("health records", "hospital charts", "patient files"),
        "video": ("video", "moving footage", "recorded clips"),
        "speech": ("speech", "spoken audio", "voice recordings"),
        "graphs": ("graphs", "networks of nodes", "relational links"),
        "time series": ("time series", "temporal measurements", "longitudinal signals"),
        "microscopy": ("microscopy", "magnified specimens", "cell images"),
        "questionnaires": ("questionnaires", "self-reports", "survey forms of volunteers"),
        "source code": ("source code", "software repositories", "programs"),
        "tables": ("tables", "spreadsheets", "structured rows"),
    },
    "venue": {
        name: (name,)
        for name in (
            "ACLA", "NIPSE", "CVRP", "SIGRET", "ICROB", "MEDINF", "ECOSYS", "MATLET", "JOLT", "TKDX", "PLOSE", "ARXIVA",
        )
    },
    "year": {
        "2025": ("2025", "last season's proceedings", "very recent"),
        "2024": ("2024", "fairly new"),
        "2022": ("2022", "a few seasons old"),
        "2019": ("2019", "from before the boom"),
    },
    "group": {
        name: (name,)
        for name in (
            "Lindqvist lab", "Okafor group", "Moreau team", "Tanaka lab", "Castellan institute", "Brightwater centre",
            "Novak group", "Ferreira lab", "Halvorsen team", "Adeyemi lab", "Petrov group", "Sato institute",
            "Gallagher lab", "Iyer group", "Kowalski team", "Delacroix lab", "Mbeki centre", "Ostrom group",
            "Valdez lab", "Whitfield team",
        )
    },
}  # fmt: skip

PARENTS = {
    **dict.fromkeys(("translation", "summarisation", "dialogue", "parsing", "sentiment"), "language"),
    **dict.fromkeys(("segmentation", "detection", "image synthesis", "tracking", "depth estimation"), "vision"),
    **dict.fromkeys(
        ("recommendation", "dense matching", "question answering", "query rewriting", "click models"), "retrieval"
    ),
    **dict.fromkeys(("grasping", "locomotion", "navigation", "swarms"), "robotics"),
    **dict.fromkeys(("diagnosis", "drug discovery", "triage", "genomics", "epidemics"), "medicine"),
    **dict.fromkeys(("biodiversity", "migration", "soil carbon", "forest loss"), "ecology"),
    **dict.fromkeys(("batteries", "catalysis", "polymers", "crystals"), "materials"),
}

ALLOWED: dict[str, dict[str, tuple[str, ...]]] = {
    "data": {
        "language": ("web crawl", "speech", "source code", "questionnaires", "tables", "graphs"),
        "vision": ("video", "satellite images", "microscopy", "web crawl", "sensor logs"),
        "retrieval": ("web crawl", "graphs", "questionnaires", "tables", "source code", "speech"),
        "robotics": ("sensor logs", "video", "time series", "graphs"),
        "medicine": ("health records", "microscopy", "questionnaires", "time series", "graphs", "tables"),
        "ecology": ("satellite images", "sensor logs", "time series", "video", "questionnaires", "tables"),
        "materials": ("microscopy", "sensor logs", "graphs", "tables", "time series"),
    },
    "venue": {
        "language": ("ACLA", "NIPSE", "JOLT", "ARXIVA", "TKDX"),
        "vision": ("CVRP", "NIPSE", "ARXIVA", "JOLT", "PLOSE"),
        "retrieval": ("SIGRET", "ACLA", "TKDX", "NIPSE", "ARXIVA"),
        "robotics": ("ICROB", "NIPSE", "CVRP", "ARXIVA", "JOLT"),
        "medicine": ("MEDINF", "PLOSE", "TKDX", "ARXIVA", "NIPSE"),
        "ecology": ("ECOSYS", "PLOSE", "TKDX", "ARXIVA", "JOLT"),
        "materials": ("MATLET", "PLOSE", "JOLT", "ARXIVA", "NIPSE"),
    },
}

AFFINITY = {
    ("method", "survey"): (("venue", "TKDX"), ("year", "2025")),
    ("method", "benchmark"): (("data", "web crawl"), ("data", "tables"), ("year", "2024")),
    ("method", "theory"): (("venue", "JOLT"), ("data", "graphs")),
    ("method", "ablation"): (("year", "2024"),),
    ("method", "replication"): (("venue", "PLOSE"), ("year", "2019")),
    ("method", "field trial"): (("data", "sensor logs"), ("data", "health records")),
    ("method", "simulation"): (("data", "time series"),),
    ("method", "user study"): (("data", "questionnaires"), ("data", "speech")),
    ("method", "pre-training"): (("data", "web crawl"), ("data", "video"), ("venue", "ARXIVA"), ("year", "2025")),
    ("method", "distillation"): (("year", "2025"), ("venue", "NIPSE")),
    ("method", "tutorial"): (("year", "2019"), ("venue", "TKDX")),
    ("data", "web crawl"): (("group", "Okafor group"), ("group", "Moreau team")),
    ("data", "sensor logs"): (("group", "Tanaka lab"), ("group", "Halvorsen team")),
    ("data", "satellite images"): (("group", "Brightwater centre"), ("group", "Valdez lab")),
    ("data", "health records"): (("group", "Castellan institute"), ("group", "Mbeki centre")),
    ("data", "video"): (("group", "Novak group"), ("group", "Sato institute")),
    ("data", "graphs"): (("group", "Lindqvist lab"), ("group", "Iyer group")),
    ("data", "questionnaires"): (("group", "Ostrom group"), ("group", "Gallagher lab")),
    ("data", "microscopy"): (("group", "Petrov group"), ("group", "Delacroix lab")),
}

NEEDS = (
    Need(
        "entering a subject",
        {("method", "survey"): 32, ("venue", "TKDX"): 14, ("year", "2025"): 12},
        ("learning the basics", "choosing an approach"),
    ),
    Need(
        "learning the basics",
        {("method", "tutorial"): 32, ("year", "2019"): 12, ("data", "graphs"): 12},
        ("choosing an approach", "proving a bound"),
    ),
    Need(
        "choosing an approach",
        {("method", "benchmark"): 32, ("data", "tables"): 14, ("year", "2024"): 10},
        ("training a large model", "checking claims"),
    ),
    Need(
        "training a large model",
        {("method", "pre-training"): 32, ("data", "web crawl"): 14, ("venue", "ARXIVA"): 12},
        ("making it small", "taking it apart"),
    ),
    Need(
        "making it small",
        {("method", "distillation"): 32, ("venue", "NIPSE"): 12, ("data", "source code"): 12},
        ("going live", "taking it apart"),
    ),
    Need(
        "taking it apart",
        {("method", "ablation"): 32, ("data", "video"): 12, ("year", "2022"): 12},
        ("checking claims", "proving a bound"),
    ),
    Need(
        "checking claims",
        {("method", "replication"): 32, ("venue", "PLOSE"): 14, ("data", "microscopy"): 10},
        ("asking people", "entering a subject"),
    ),
    Need(
        "proving a bound",
        {("method", "theory"): 32, ("venue", "JOLT"): 14, ("data", "time series"): 10},
        ("checking claims", "entering a subject"),
    ),
    Need(
        "going live",
        {("method", "field trial"): 32, ("data", "sensor logs"): 14, ("data", "health records"): 12},
        ("asking people", "checking claims"),
    ),
    Need(
        "asking people",
        {("method", "user study"): 32, ("data", "questionnaires"): 14, ("data", "speech"): 12},
        ("entering a subject", "learning the basics"),
    ),
)

PARTNERS = {
    "translation": ("parsing", "summarisation", "dense matching"),
    "summarisation": ("question answering", "sentiment", "translation"),
    "dialogue": ("question answering", "sentiment", "query rewriting"),
    "parsing": ("translation", "query rewriting", "crystals"),
    "sentiment": ("recommendation", "summarisation", "dialogue"),
    "segmentation": ("detection", "diagnosis", "forest loss"),
    "detection": ("tracking", "segmentation", "grasping"),
    "image synthesis": ("depth estimation", "segmentation", "polymers"),
    "tracking": ("detection", "migration", "navigation"),
    "depth estimation": ("navigation", "grasping", "image synthesis"),
    "recommendation": ("click models", "dense matching", "sentiment"),
    "dense matching": ("question answering", "recommendation", "translation"),
    "question answering": ("query rewriting", "dialogue", "dense matching"),
    "query rewriting": ("click models", "parsing", "question answering"),
    "click models": ("recommendation", "query rewriting", "epidemics"),
    "grasping": ("locomotion", "depth estimation", "detection"),
    "locomotion": ("navigation", "grasping", "swarms"),
    "navigation": ("swarms", "locomotion", "migration"),
    "swarms": ("navigation", "epidemics", "migration"),
    "diagnosis": ("triage", "genomics", "segmentation"),
    "drug discovery": ("catalysis", "genomics", "polymers"),
    "triage": ("diagnosis", "epidemics", "click models"),
    "genomics": ("drug discovery", "biodiversity", "diagnosis"),
    "epidemics": ("triage", "migration", "swarms"),
    "biodiversity": ("forest loss", "genomics", "soil carbon"),
    "migration": ("biodiversity", "tracking", "epidemics"),
    "soil carbon": ("forest loss", "batteries", "catalysis"),
    "forest loss": ("soil carbon", "biodiversity", "image synthesis"),
    "batteries": ("catalysis", "crystals", "soil carbon"),
    "catalysis": ("batteries", "polymers", "drug discovery"),
    "polymers": ("crystals", "batteries", "drug discovery"),
    "crystals": ("polymers", "catalysis", "batteries"),
}

NAMES = (
    "Aurelia", "Borealis", "Cassini", "Dendra", "Eulerian", "Fermat", "Galena", "Hydra", "Icarus", "Janus", "Kelvin",
    "Lumen", "Mnemos", "Nautilus", "Obsidian", "Prisma", "Quasar", "Rhizome", "Sirius", "Tessera", "Umbra", "Vega",
    "Wyvern", "Xylem", "Ymir", "Zenith", "Argus", "Basilisk", "Chimera", "Daedalus", "Echo", "Falcon", "Gorgon",
    "Helios", "Ibis", "Jackdaw", "Kraken", "Lyra", "Meridian", "Nimbus", "Orion", "Pegasus", "Quetzal", "Raven",
    "Sphinx", "Triton", "Unicorn", "Vulcan", "Whisper", "Yonder", "Zodiac", "Atlas", "Banyan", "Cobalt", "Drift",
)  # fmt: skip

SPEC = Spec(
    domain="world_science",
    values=VALUES,
    parents=PARENTS,
    allowed=ALLOWED,
    affinity=AFFINITY,
    second={"data": 15, "method": 10},
    taste={"field": 4, "data": 4, "venue": 3, "group": 2},
    limit="year",
    limit_odds=(2, 4, 3, 2),
    share=("data", "group"),
    partners=PARTNERS,
    needs=NEEDS,
    names=NAMES,
    titles=(
        "{name}: {method} for {topic}",
        "{name}: {topic} from {data}",
        "On {topic}: the {name} study",
        "{name}, or how {method} changes {topic}",
        "{topic} revisited with {name}",
    ),
    sentences={
        "field": ("A contribution to {x}.", "The setting is {x}.", "Relevant to all of {x}."),
        "topic": ("We look at {x}.", "The problem is {x}.", "At its heart lies {x}."),
        "method": ("Our approach: {x}.", "The paper offers {x}.", "We rely on {x}."),
        "data": ("Evidence comes from {x}.", "Results are drawn from {x}.", "We work with {x}."),
        "venue": ("Presented at {x}.", "Appeared in {x}.", "Peer-reviewed by {x}."),
        "year": ("Dated: {x}.", "Time of writing: {x}."),
        "group": ("By the {x}.", "Work of the {x}.", "Led by the {x}."),
    },
    closings=(
        "Programs are released.", "Limitations are discussed.", "Effects are consistent.", "Open problems are listed.",
        "Costs are reported.", "An appendix has details.", "Figures are reproducible.", "One finding is negative.",
    ),
    praise=("The {x} is what I look for.", "Glad about the {x}.", "{x} suits my work."),
    neutral=("The {x} is as announced.", "No opinion on the {x}.", "{x}: fine."),
    complaint=("I have no use for {x}.", "The {x} put me off.", "Wary of {x}."),
    openings={
        1: ("Not worth the time.", "Could not use it.", "Dropped half-way."),
        2: ("Thin.", "Expected more.", "Skimmed only."),
        3: ("Solid enough.", "Useful in parts.", "Reasonable."),
        4: ("Well argued.", "Will cite.", "Clear and helpful."),
        5: ("Changed my mind.", "A reference from now on.", "Outstanding."),
    },
)  # fmt: skip
