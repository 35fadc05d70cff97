//! The demo's restaurants and what they serve.

/// A restaurant.
pub struct Place {
    /// Its name, which no other has.
    pub name: &'static str,
    /// Where it is.
    pub address: &'static str,
    /// What it is like.
    pub description: &'static str,
    /// Names and descriptions.
    pub items: &'static [(&'static str, &'static str)],
}

/// Every restaurant.
pub const PLACES: &[Place] = &[
    Place {
        name: "Noodle Bar Kumo",
        address: "14 Canal Street",
        description: "Nine stools, one pot, and a queue that moves faster than it looks.",
        items: &[
            (
                "Shoyu ramen",
                "Chicken and soy broth, thin noodles, a soft egg.",
            ),
            (
                "Spicy miso ramen",
                "Miso, chilli and sesame; ask for less heat, or more.",
            ),
            (
                "Gyoza",
                "Six dumplings of pork and cabbage, crisp underneath.",
            ),
            ("Yuzu soda", "Citrus and bubbles, not too sweet."),
        ],
    },
    Place {
        name: "Trattoria Nonna Pia",
        address: "3 Market Square",
        description: "Fresh pasta in the window, and no pizza whatever you say.",
        items: &[
            ("Tagliatelle al ragù", "A sauce that began yesterday."),
            (
                "Cacio e pepe",
                "Cheese, pepper, and the courage to stop there.",
            ),
            ("Tiramisù", "Cut from the tray, with plenty of coffee."),
        ],
    },
    Place {
        name: "The Green Fork",
        address: "88 Orchard Road",
        description: "Vegetables first. The menu follows the farm.",
        items: &[
            (
                "Roasted cauliflower",
                "A whole half, with tahini and pomegranate.",
            ),
            (
                "Lentil burger",
                "Beetroot bun, pickles, smoked mayonnaise without the egg.",
            ),
            ("Garden soup", "Whatever was picked this morning."),
        ],
    },
    Place {
        name: "Taquería El Faro",
        address: "Pier 2, Harbour",
        description: "Tortillas pressed to order, eaten standing up with a view of the boats.",
        items: &[
            (
                "Tacos al pastor",
                "Pork from the spit, pineapple, coriander.",
            ),
            (
                "Fish tacos",
                "Today's catch in a thin batter, lime and cabbage.",
            ),
            ("Elote", "Corn on the cob with chilli, cheese and lime."),
            ("Horchata", "Rice, cinnamon, ice."),
        ],
    },
    Place {
        name: "Spice Route",
        address: "27 Station Lane",
        description: "Home cooking from four coasts, each with its own kitchen and its own cook.",
        items: &[
            (
                "Masala dosa",
                "A crêpe as long as your arm, with three chutneys.",
            ),
            ("Lamb biryani", "Sealed with dough and opened at the table."),
            ("Mango lassi", "Thick enough for a spoon."),
        ],
    },
    Place {
        name: "Café Morgenrot",
        address: "1 Linden Avenue",
        description: "Open from six. Bread from the oven next door, coffee from the one here.",
        items: &[
            ("Cinnamon bun", "Cardamom in the dough, sugar like hail."),
            (
                "Breakfast plate",
                "Two cheeses, an egg, jam, and rolls until you give up.",
            ),
            ("Flat white", "Short, strong, and not a bucket of milk."),
        ],
    },
];
