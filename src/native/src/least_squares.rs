//! One step of a streamed QR factorisation in double precision.

multiversion! {
    /// Stacks `fresh` (rows × total) under the triangular `factor` (pivots × total) and makes the first `pivots` columns triangular again
    /// by Householder reflections. Afterwards `fresh` holds what the reflections left, of no further use.
    pub fn reflect(factor: &mut [f64], fresh: &mut [f64], pivots: usize, total: usize) {
        let mut dots = vec![0.0f64; total];
        for pivot in 0..pivots {
            let mut square = 0.0;
            for line in fresh.chunks_exact(total) {
                square += line[pivot] * line[pivot];
            }
            if square == 0.0 {
                continue;
            }
            let (corner, top) = factor[pivot * total + pivot..(pivot + 1) * total].split_first_mut().expect("total exceeds pivot");
            let head = *corner;
            let length = (head * head + square).sqrt();
            let target = if head > 0.0 { -length } else { length };
            let reflector = head - target;
            let weight = 2.0 / (reflector * reflector + square);
            let dots = &mut dots[pivot + 1..];
            *corner = target;
            for (dot, &value) in dots.iter_mut().zip(top.iter()) {
                *dot = reflector * value;
            }
            for line in fresh.chunks_exact(total) {
                let (part, rest) = (line[pivot], &line[pivot + 1..]);
                for (dot, &value) in dots.iter_mut().zip(rest) {
                    *dot += part * value;
                }
            }
            for (value, &dot) in top.iter_mut().zip(dots.iter()) {
                *value -= weight * reflector * dot;
            }
            for line in fresh.chunks_exact_mut(total) {
                let part = weight * line[pivot];
                line[pivot] = 0.0;
                for (value, &dot) in line[pivot + 1..].iter_mut().zip(dots.iter()) {
                    *value -= part * dot;
                }
            }
        }
    }
}
