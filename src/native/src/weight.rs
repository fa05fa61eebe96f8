//! Arguments that are weights: float32, or 16-bit numbers that stay so in memory.

use crate::half::{Format, Halves};
use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};

/// An array of JavaScript that is read: Float32Array, Uint16Array (IEEE half precision) or Int16Array (bfloat16).
#[derive(Clone, Copy)]
pub enum Weight {
    Float32(&'static [f32]),
    Half(Halves<'static>),
}

impl Weight {
    pub fn len(&self) -> usize {
        match self {
            Weight::Float32(values) => values.len(),
            Weight::Half(halves) => halves.bits.len(),
        }
    }

    /// The numbers of an argument that must be float32.
    pub fn wide(&self, where_: &str) -> Result<&'static [f32]> {
        match self {
            Weight::Float32(values) => Ok(values),
            Weight::Half(_) => Err(Error::new(Status::InvalidArg, format!("{where_}: 16-bit numbers, expected float32."))),
        }
    }
}

impl TypeName for Weight {
    fn type_name() -> &'static str {
        "Float32Array | Uint16Array | Int16Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Weight {}

impl FromNapiValue for Weight {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let (mut kind, mut length, mut data, mut buffer, mut offset) = (0, 0, std::ptr::null_mut(), std::ptr::null_mut(), 0);
        // SAFETY: all places are ours; a value that is no typed array makes the status bad.
        let status = unsafe { sys::napi_get_typedarray_info(env, value, &mut kind, &mut length, &mut data, &mut buffer, &mut offset) };
        if status != sys::Status::napi_ok {
            return Err(Error::new(Status::InvalidArg, "a weight is no typed array."));
        }
        // SAFETY: the array holds `length` numbers of that kind and outlives the call, which is synchronous.
        unsafe {
            let data = if length == 0 { std::ptr::NonNull::<f64>::dangling().as_ptr().cast() } else { data };
            match kind {
                sys::TypedarrayType::float32_array => Ok(Weight::Float32(std::slice::from_raw_parts(data.cast(), length))),
                sys::TypedarrayType::uint16_array => Ok(Weight::Half(Halves { bits: std::slice::from_raw_parts(data.cast(), length), format: Format::Float16 })),
                sys::TypedarrayType::int16_array => Ok(Weight::Half(Halves { bits: std::slice::from_raw_parts(data.cast(), length), format: Format::Bfloat16 })),
                _ => Err(Error::new(Status::InvalidArg, "a weight is neither float32 nor 16-bit.")),
            }
        }
    }
}
