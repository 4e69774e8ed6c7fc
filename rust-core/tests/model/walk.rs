//! Random paths through a world, from its beginning to a state in which nothing more happens. The checker tries every
//! order of the last steps before it varies the first ones; these paths differ from the first step on.

use crate::action::Action;
use crate::bounds::Bounds;
use crate::properties::broken;
use crate::recovery::dead_end;
use crate::world::{PROCESSES, World};

/// If there is a choice, one in this many steps is a fault or a new call; the number differs from path to path.
const RARITIES: [u64; 4] = [2, 4, 8, 24];

/// Takes about this many steps. Returns a path that breaks a promise, if there was one.
pub(crate) fn walk(bounds: &Bounds, most_steps: usize) -> Option<Vec<Action>> {
    let (mut random, mut steps) = (Random(0x5eed), 0);
    while steps < most_steps {
        let mut world = World::new(bounds);
        let mut way = Vec::new();
        let rarity = RARITIES[random.below(RARITIES.len())];
        while let Some(step) = next_step(&world, rarity, &mut random) {
            world.take(step);
            way.push(step);
            if broken(&world).is_some() {
                return Some(way);
            }
        }
        if dead_end(&world).is_some() {
            return Some(way);
        }
        steps += way.len();
    }
    None
}

fn next_step(world: &World, rarity: u64, random: &mut Random) -> Option<Action> {
    let all = world.actions();
    let mut own = Vec::new();
    (0..PROCESSES).for_each(|number| world.steps_of(number, &mut own));
    let is_rare = own.is_empty() || random.next().is_multiple_of(rarity);
    let choice = if is_rare { all } else { own };
    (!choice.is_empty()).then(|| choice[random.below(choice.len())])
}

/// The same paths in each run (Marsaglia: "Xorshift RNGs").
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next()).unwrap_or(0) % end
    }
}
