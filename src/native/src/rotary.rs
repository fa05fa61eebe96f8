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
    fn turn_row(x: &[f32], cosines: &[f32], sines: &[f32], y: &mut [f32], interleaved: bool, direction: f32) {
        let pairs = cosines.len();
        for (head, out) in x.chunks_exact(2 * pairs).zip(y.chunks_exact_mut(2 * pairs)) {
            if interleaved {
                for i in 0..pairs {
                    let (first, second, sine) = (head[2 * i], head[2 * i + 1], direction * sines[i]);
                    out[2 * i] = first * cosines[i] - second * sine;
                    out[2 * i + 1] = second * cosines[i] + first * sine;
                }
            } else {
                let (first, second) = head.split_at(pairs);
                let (out_first, out_second) = out.split_at_mut(pairs);
                for i in 0..pairs {
                    let sine = direction * sines[i];
                    out_first[i] = first[i] * cosines[i] - second[i] * sine;
                    out_second[i] = second[i] * cosines[i] + first[i] * sine;
                }
            }
        }
    }
}

/// Turns the rows of sequences of `tokens`, one after another.
pub fn turn(x: &[f32], y: &mut [f32], tokens: usize, turn: Turn) {
    let (row, pairs) = (turn.heads * turn.width, turn.width / 2);
    if x.is_empty() {
        return;
    }
    let table = table(turn.theta, pairs, turn.start + tokens);
    let cut = Cut::rows(x.len() / row, row as f64 * 0.3);
    let shared = Shared::new(y);
    for_each_chunk(cut.chunks, |chunk| {
        let (start, end) = cut.bounds(chunk);
        // SAFETY: chunks own disjoint rows.
        let part = unsafe { shared.slice(start * row, (end - start) * row) };
        for ((index, x), y) in (start..end).zip(x[start * row..end * row].chunks_exact(row)).zip(part.chunks_exact_mut(row)) {
            let at = (turn.start + index % tokens) * pairs;
            turn_row(x, &table.cosines[at..at + pairs], &table.sines[at..at + pairs], y, turn.interleaved, turn.direction);
        }
    });
}
