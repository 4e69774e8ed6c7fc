// As UniFFI writes it: without the module the code below has nothing to call.
#if canImport(PilotlightFFI)
import PilotlightFFI
#endif

func one() -> Int32 {
    uniffi_proof_one()
}

func two() -> Int32 {
    uniffi_proof_two()
}
