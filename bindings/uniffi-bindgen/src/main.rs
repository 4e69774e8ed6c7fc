//! UniFFI's generator of Swift bindings, as `scripts/generate-bindings.sh` runs it.

fn main() {
    uniffi::uniffi_bindgen_swift();
}
