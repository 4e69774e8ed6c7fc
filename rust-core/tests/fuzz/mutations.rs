//! Slightly changed inputs, the same ones on every run.

/// Elements of the formats; a flipped bit alone seldom makes another number or another string.
const WORDS: [&[u8]; 24] = [
    b"null",
    b"true",
    b"0",
    b"-1",
    b"1e308",
    b"1e-400",
    b"18446744073709551616",
    b"\"\"",
    b"\"\\ud800\"",
    b"\\u0000",
    b"[",
    b"]",
    b"{",
    b"}",
    b"[[[[[[[[",
    b",",
    b":",
    b"\n",
    b"\0",
    b"\xff",
    b"%00",
    b"&state=",
    b"..",
    b"\xe2\x80\xae",
];
const LARGEST: usize = 64 * 1024;

pub(crate) struct Mutator {
    state: u64,
}

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed | 1 }
    }

    /// xorshift64*
    fn number(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.number() as usize) % limit.max(1)
    }

    /// `input` after one to six changes, which may insert pieces of `others`.
    pub(crate) fn mutant_of(&mut self, input: &[u8], others: &[&[u8]]) -> Vec<u8> {
        let mut mutant = input.to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(mutant.len() + 1);
            let end = at + self.below((mutant.len() - at).min(40) + 1);
            match self.below(7) {
                0 if at < mutant.len() => mutant[at] ^= 1 << self.below(8),
                1 if at < mutant.len() => mutant[at] = self.number() as u8,
                2 => drop(mutant.drain(at..end)),
                3 => {
                    let piece = mutant[at..end].to_vec();
                    let times = 1 + self.below(200);
                    mutant.splice(at..at, piece.repeat(times));
                }
                4 => {
                    let word = WORDS[self.below(WORDS.len())];
                    mutant.splice(at..end, word.iter().copied());
                }
                5 => {
                    let other = others[self.below(others.len())];
                    let from = self.below(other.len() + 1);
                    let to = from + self.below(other.len() - from + 1);
                    mutant.splice(at..end, other[from..to].iter().copied());
                }
                _ => mutant.truncate(at.max(mutant.len() / 2)),
            }
            mutant.truncate(LARGEST);
        }
        mutant
    }
}
