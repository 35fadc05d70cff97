//! The demo's reviews, and the votes on them.

use vote_domain::review::Direction::{self, Down, Up};

/// A review.
pub struct Words {
    /// The member who wrote it.
    pub author: &'static str,
    /// The restaurant's name.
    pub place: &'static str,
    /// The item's name there.
    pub item: &'static str,
    /// 1 to 5.
    pub stars: u8,
    /// How long ago it was written, in hours.
    pub hours_ago: i64,
    /// What it says.
    pub content: &'static str,
}

const fn words(
    author: &'static str,
    (place, item): (&'static str, &'static str),
    stars: u8,
    hours_ago: i64,
    content: &'static str,
) -> Words {
    Words {
        author,
        place,
        item,
        stars,
        hours_ago,
        content,
    }
}

const KUMO: &str = "Noodle Bar Kumo";
const PIA: &str = "Trattoria Nonna Pia";
const FORK: &str = "The Green Fork";
const FARO: &str = "Taquería El Faro";
const SPICE: &str = "Spice Route";
const MORGENROT: &str = "Café Morgenrot";

/// Every review.
#[rustfmt::skip]
pub const REVIEWS: &[Words] = &[
    words("amira", (KUMO, "Shoyu ramen"), 5, 620, "The broth is clear, deep and hot to the last spoon. I went back the next day to make sure I had not imagined it."),
    words("bjorn", (KUMO, "Shoyu ramen"), 4, 410, "Very good noodles, a perfect egg. One star off because nine stools are eight too few on a Friday."),
    words("chidi", (KUMO, "Shoyu ramen"), 2, 90, "Salty. I asked, they said it is meant to be salty. It was still salty."),
    words("dolores", (KUMO, "Spicy miso ramen"), 5, 300, "Ordered it hot, cried, finished it, ordered another. 🔥"),
    words("emeka", (KUMO, "Spicy miso ramen"), 4, 55, "The sesame makes it. Medium is already plenty for most people."),
    words("fumiko", (KUMO, "Gyoza"), 5, 210, "Crisp lace underneath, juicy inside. These taste of home."),
    words("greta", (KUMO, "Gyoza"), 3, 30, "Good, but six pieces vanish before the beer arrives."),
    words("demo", (KUMO, "Yuzu soda"), 4, 20, "Exactly what you want next to that broth."),

    words("greta", (PIA, "Tagliatelle al ragù"), 5, 580, "You can taste that somebody stood next to that pot for hours. The pasta is cut while you watch."),
    words("hassan", (PIA, "Tagliatelle al ragù"), 5, 330, "My grandmother would have asked for the recipe, and then pretended she had not."),
    words("amira", (PIA, "Tagliatelle al ragù"), 3, 70, "Lovely sauce, but lukewarm when it reached us at the back."),
    words("bjorn", (PIA, "Cacio e pepe"), 4, 260, "Silky, no lumps, enough pepper to mean it."),
    words("emeka", (PIA, "Cacio e pepe"), 1, 45, "Glue with pepper. Perhaps an off night, but it was the third table's complaint too."),
    words("dolores", (PIA, "Tiramisù"), 5, 150, "Soaked properly. The corner piece is the best; be early."),
    words("demo", (PIA, "Tiramisù"), 4, 26, "Great coffee flavour. I would take a little less cream."),

    words("fumiko", (FORK, "Roasted cauliflower"), 5, 500, "I did not know that a cauliflower could be the main thing on a table. It can."),
    words("chidi", (FORK, "Roasted cauliflower"), 4, 280, "The tahini and the pomegranate do the work. Share it, it is huge."),
    words("hassan", (FORK, "Lentil burger"), 3, 190, "Tastes good, falls apart by the second bite. Bring napkins."),
    words("greta", (FORK, "Lentil burger"), 4, 84, "The smoked mayonnaise should be sold by the jar."),
    words("amira", (FORK, "Garden soup"), 4, 66, "Pea and mint today. Tiny bowl, big flavour."),
    words("bjorn", (FORK, "Garden soup"), 2, 12, "Nettle. I respect the idea more than I enjoyed the soup."),

    words("chidi", (FARO, "Tacos al pastor"), 5, 540, "Straight from the spit, pineapple still warm. Eat three, then decide how many you want."),
    words("dolores", (FARO, "Tacos al pastor"), 5, 350, "The tortillas puff on the plate in front of you. Nowhere else in town does that."),
    words("emeka", (FARO, "Tacos al pastor"), 4, 120, "Queue goes round the corner at noon. Worth it at eleven."),
    words("fumiko", (FARO, "Fish tacos"), 5, 230, "Light batter, sweet fish, sharp lime, gulls watching. Perfect."),
    words("hassan", (FARO, "Fish tacos"), 2, 40, "Batter was soggy when I got it, and it was windy enough to lose the cabbage."),
    words("greta", (FARO, "Elote"), 4, 110, "Messy and marvellous. Ask for extra chilli."),
    words("demo", (FARO, "Horchata"), 5, 8, "Cold, cinnamon, gone in a minute."),

    words("hassan", (SPICE, "Masala dosa"), 5, 460, "Crisp to the edge, and the coconut chutney is made fresh every hour. I asked."),
    words("amira", (SPICE, "Masala dosa"), 4, 240, "Excellent. The filling could be warmer, the size could not be larger."),
    words("emeka", (SPICE, "Lamb biryani"), 5, 390, "When they crack the lid the whole room turns round. The rice at the bottom is the prize."),
    words("bjorn", (SPICE, "Lamb biryani"), 3, 100, "Fragrant, but I found two pieces of lamb in a pot for two."),
    words("chidi", (SPICE, "Mango lassi"), 4, 50, "Needs a spoon, as promised. Ripe mango, not syrup."),
    words("dolores", (SPICE, "Mango lassi"), 1, 16, "Syrup. Perhaps they ran out of mangoes, but then say so."),

    words("emeka", (MORGENROT, "Cinnamon bun"), 5, 480, "Still warm at half past six. The cardamom wakes you before the coffee does."),
    words("fumiko", (MORGENROT, "Cinnamon bun"), 4, 160, "Lovely crumb. They are sold out by nine, which tells you everything."),
    words("bjorn", (MORGENROT, "Breakfast plate"), 4, 220, "Rolls until you give up is not a figure of speech."),
    words("greta", (MORGENROT, "Breakfast plate"), 3, 60, "Generous, but the egg was hard and the jam was shy."),
    words("hassan", (MORGENROT, "Flat white"), 5, 140, "Short, strong, silky. Finally."),
    words("demo", (MORGENROT, "Flat white"), 3, 5, "Good coffee, but twenty minutes is long for a short one."),
];

/// Who votes on which review, by its place above.
pub const VOTES: &[(&str, usize, Direction)] = &[
    ("amira", 3, Up),
    ("amira", 21, Up),
    ("amira", 33, Down),
    ("bjorn", 0, Up),
    ("bjorn", 21, Up),
    ("bjorn", 34, Up),
    ("chidi", 0, Up),
    ("chidi", 8, Up),
    ("chidi", 28, Up),
    ("dolores", 0, Up),
    ("dolores", 2, Down),
    ("dolores", 34, Up),
    ("emeka", 0, Up),
    ("emeka", 21, Up),
    ("emeka", 24, Up),
    ("fumiko", 8, Up),
    ("fumiko", 12, Down),
    ("fumiko", 30, Up),
    ("greta", 0, Up),
    ("greta", 5, Up),
    ("greta", 25, Down),
    ("hassan", 8, Up),
    ("hassan", 2, Down),
    ("hassan", 15, Up),
];
