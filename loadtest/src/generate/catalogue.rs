//! What can be bought: merchants, their articles, and what one unit of each weighs and measures.
//! An article is a function of the seed and its number; nothing is stored.

use crate::dice::{Dice, whole};

/// Articles of one merchant.
const ARTICLES_PER_MERCHANT: u64 = 400;
/// Every so-many-th merchant sells food, part of which travels cold.
const GROCER_EVERY: u64 = 4;
/// Share of a grocer's articles that travel cold.
const COLD_SHARE_OF_GROCER: f64 = 0.45;
/// Median litres of a waybill when the median unit has one litre (measured over many orders).
const WAYBILL_PER_UNIT: f64 = 3.4;

const MATERIALS: [&str; 12] = [
    "oak", "steel", "cotton", "linen", "glass", "ceramic", "bamboo", "wool", "paper", "enamel",
    "cork", "brass",
];
const THINGS: [&str; 16] = [
    "lamp",
    "kettle",
    "basket",
    "towel",
    "shelf",
    "bowl",
    "chair cushion",
    "notebook",
    "mug",
    "blanket",
    "tray",
    "planter",
    "clock",
    "toolbox",
    "puzzle",
    "jar",
];
const FOODS: [&str; 16] = [
    "lentils",
    "olives",
    "tea",
    "flour",
    "honey",
    "rice",
    "tomatoes",
    "pasta",
    "apples",
    "coffee",
    "chickpeas",
    "biscuits",
    "juice",
    "walnuts",
    "oats",
    "vinegar",
];
const COLD_FOODS: [&str; 12] = [
    "peas",
    "yoghurt",
    "cheese",
    "fish fillets",
    "butter",
    "ice cream",
    "milk",
    "spinach",
    "dough",
    "chicken",
    "berries",
    "ayran",
];

/// The goods of all merchants under one seed.
#[derive(Debug, Clone)]
pub(crate) struct Catalogue {
    seed: u64,
    merchants: u64,
    unit_median_ml: f64,
}

/// One article and the measures of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Article {
    /// Stock keeping unit.
    pub(crate) sku: String,
    /// For people.
    pub(crate) description: String,
    /// Price in cents.
    pub(crate) price_cents: u32,
    /// Travels cold.
    pub(crate) cold: bool,
    /// Millilitres.
    pub(crate) volume_ml: u32,
    /// Grams.
    pub(crate) weight_g: u32,
}

impl Catalogue {
    /// Goods of so many merchants, sized so that the median waybill has about `median_litres`.
    pub(crate) fn new(seed: u64, merchants: u64, median_litres: f64) -> Self {
        let unit_median_ml = 1_000.0 * median_litres / WAYBILL_PER_UNIT;
        Self { seed, merchants: merchants.max(1), unit_median_ml }
    }

    /// Code of the n-th merchant.
    pub(crate) fn merchant_code(merchant: u64) -> String {
        format!("M{:04}", merchant + 1)
    }

    /// Different merchants of one order, popular ones more often: about 2.5 on average.
    pub(crate) fn draw_merchants(&self, dice: &mut Dice) -> Vec<u64> {
        let wanted = match dice.below(100) {
            0..15 => 1,
            15..55 => 2,
            55..85 => 3,
            _ => 4,
        };
        Self::draw_distinct(dice, wanted, self.merchants)
    }

    /// Different articles of one merchant, popular ones more often.
    pub(crate) fn draw_articles(&self, dice: &mut Dice, merchant: u64) -> Vec<Article> {
        let mut wanted = 1;
        while wanted < 14 && dice.chance(0.55) {
            wanted += 1;
        }
        let ranks = Self::draw_distinct(dice, wanted, ARTICLES_PER_MERCHANT);
        ranks.into_iter().map(|rank| self.article(merchant, rank)).collect()
    }

    /// Gives up on the last ones rather than search long in a small choice.
    fn draw_distinct(dice: &mut Dice, wanted: usize, choice: u64) -> Vec<u64> {
        let mut drawn = Vec::with_capacity(wanted);
        for _ in 0..wanted * 4 {
            let rank = dice.zipf_rank(choice);
            if drawn.len() < wanted && !drawn.contains(&rank) {
                drawn.push(rank);
            }
        }
        drawn
    }

    fn article(&self, merchant: u64, rank: u64) -> Article {
        let number = merchant * ARTICLES_PER_MERCHANT + rank;
        let mut dice = Dice::new(self.seed, "article", number);
        let grocer = merchant % GROCER_EVERY == 1;
        let cold = grocer && dice.chance(COLD_SHARE_OF_GROCER);
        let description = match (grocer, cold) {
            (_, true) => format!("chilled {}", dice.word(&COLD_FOODS)),
            (true, false) => format!("{} {} g", dice.word(&FOODS), (dice.below(8) + 2) * 100),
            (false, false) => format!("{} {}", dice.word(&MATERIALS), dice.word(&THINGS)),
        };
        let volume_ml = whole(dice.log_normal(self.unit_median_ml, 0.8), 20, 400_000);
        let grams_per_litre = dice.log_normal(320.0, 0.4);
        Article {
            sku: format!("{}-{:05}", Self::merchant_code(merchant), rank + 1),
            description,
            price_cents: whole(dice.log_normal(890.0, 0.9), 20, 5_000_000),
            cold,
            volume_ml,
            weight_g: whole(f64::from(volume_ml) / 1_000.0 * grams_per_litre, 5, 400_000),
        }
    }
}
