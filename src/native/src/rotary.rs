//! Rotary positions: pairs of features turned by angles that grow with the position.

use crate::parallel::{Cut, Shared, for_each_chunk};
use std::sync::{Arc, Mutex, PoisonError};

/// How rows are turned.
#[derive(Clone, Copy)]
pub struct Turn {
    pub heads: usize,
    /// Features of a head.
    pub width: usize,
    /// Whether pairs are neighbours; else they are half a head apart.
    pub interleaved: bool,
    pub theta: f64,
    /// Position of the first row.
    pub start: usize,
    /// 1, or −1 to turn back.
    pub direction: f32,
}

/// Cosines, then sines, of each pair of each position from 0 on.
struct Table {
    theta: f64,
    pairs: usize,
    positions: usize,
    cosines: Vec<f32>,
    sines: Vec<f32>,
}

static TABLES: Mutex<Vec<Arc<Table>>> = Mutex::new(Vec::new());

/// Tables kept: one for each kind of head in use, and a few more.
const KEPT: usize = 8;

fn table(theta: f64, pairs: usize, positions: usize) -> Arc<Table> {
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    let place = tables.iter().position(|table| table.theta == theta && table.pairs == pairs);
    if let Some(found) = place.map(|place| tables[place].clone()).filter(|table| table.positions >= positions) {
        return found;
    }
    let positions = positions.next_power_of_two().max(256);
    let mut made = Table { theta, pairs, positions, cosines: Vec::with_capacity(positions * pairs), sines: Vec::with_capacity(positions * pairs) };
    let speeds: Vec<f64> = (0..pairs).map(|pair| theta.powf(-(pair as f64) / pairs as f64)).collect();
    for position in 0..positions {
        for speed in &speeds {
            let (sine, cosine) = (position as f64 * speed).sin_cos();
            made.cosines.push(cosine as f32);
            made.sines.push(sine as f32);
        }
    }
    let made = Arc::new(made);
    match place {
        Some(place) => tables[place] = made.clone(),
        None => {
            if tables.len() == KEPT {
                tables.remove(0);
            }
            tables.push(made.clone());
        }
    }
    made
}

multiversion! {
    fn turn_row(row: &mut [f32], cosines: &[f32], sines: &[f32], interleaved: bool, direction: f32) {
        let pairs = cosines.len();
        for head in row.chunks_exact_mut(2 * pairs) {
            if interleaved {
                for i in 0..pairs {
                    let (first, second, sine) = (head[2 * i], head[2 * i + 1], direction * sines[i]);
                    head[2 * i] = first * cosines[i] - second * sine;
                    head[2 * i + 1] = second * cosines[i] + first * sine;
                }
            } else {
                let (firsts, seconds) = head.split_at_mut(pairs);
                for i in 0..pairs {
                    let (first, second, sine) = (firsts[i], seconds[i], direction * sines[i]);
                    firsts[i] = first * cosines[i] - second * sine;
                    seconds[i] = second * cosines[i] + first * sine;
                }
            }
        }
    }
}

/// Rows of sequences of `tokens`, one after another, to be turned in portions.
pub struct Rows {
    tokens: usize,
    turn: Turn,
    table: Arc<Table>,
}

impl Rows {
    pub fn of(tokens: usize, turn: Turn) -> Rows {
        Rows { tokens, turn, table: table(turn.theta, turn.width / 2, turn.start + tokens) }
    }

    /// Turns some rows in place, of which the first is row `first` of all.
    pub fn turn(&self, rows: &mut [f32], first: usize) {
        let Turn { heads, width, interleaved, start, direction, .. } = self.turn;
        let pairs = width / 2;
        for (index, row) in rows.chunks_exact_mut(heads * width).enumerate() {
            let at = (start + (first + index) % self.tokens) * pairs;
            turn_row(row, &self.table.cosines[at..at + pairs], &self.table.sines[at..at + pairs], interleaved, direction);
        }
    }
}

/// Turns the rows of sequences of `tokens`, one after another.
pub fn turn(x: &[f32], y: &mut [f32], tokens: usize, turn: Turn) {
    let row = turn.heads * turn.width;
    if x.is_empty() {
        return;
    }
    let rows = Rows::of(tokens, turn);
    let cut = Cut::rows(x.len() / row, row as f64 * 0.3);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows.
        let part = unsafe { shared.slice(start * row, (end - start) * row) };
        part.copy_from_slice(&x[start * row..end * row]);
        rows.turn(part, start);
    });
}
