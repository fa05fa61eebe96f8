//! Copies between arrays with strides: transposes, slices, concatenations, paddings, repetitions, patches.

/// Up to this many axes.
pub const MOST_AXES: usize = 8;

/// The largest index that a shape with these strides reaches, or nothing when that overflows.
pub fn reach(shape: &[usize], strides: &[usize], offset: usize) -> Option<usize> {
    shape.iter().zip(strides).try_fold(offset, |sum, (&size, &stride)| sum.checked_add((size - 1).checked_mul(stride)?))
}

/// Copies element `index` for every index of `shape`, from `offset + Σ index·stride` to the same in the target.
///
/// Bounds must have been checked with [`reach`]; slices check them again.
pub fn strided(from: &[f32], from_offset: usize, from_strides: &[usize], to: &mut [f32], to_offset: usize, to_strides: &[usize], shape: &[usize]) {
    let Some((&length, outer)) = shape.split_last() else {
        to[to_offset] = from[from_offset];
        return;
    };
    let (from_step, to_step) = (from_strides[outer.len()], to_strides[outer.len()]);
    let mut index = [0usize; MOST_AXES];
    let (mut source, mut target) = (from_offset, to_offset);
    loop {
        if from_step == 1 && to_step == 1 {
            to[target..target + length].copy_from_slice(&from[source..source + length]);
        } else if from_step == 0 && to_step == 1 {
            to[target..target + length].fill(from[source]);
        } else {
            for i in 0..length {
                to[target + i * to_step] = from[source + i * from_step];
            }
        }
        let mut axis = outer.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            index[axis] += 1;
            source += from_strides[axis];
            target += to_strides[axis];
            if index[axis] < outer[axis] {
                break;
            }
            source -= index[axis] * from_strides[axis];
            target -= index[axis] * to_strides[axis];
            index[axis] = 0;
        }
    }
}
