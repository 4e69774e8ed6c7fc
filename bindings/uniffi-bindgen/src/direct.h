
/*
 * Handwritten (bindings/uniffi-bindgen/src/direct.h): what Swift asks of the core without UniFFI, on the way of every request.
 * The first two need an address that CoreSession.epochAddress() gave, and its session to be there.
 */

/* Whether the session's epoch is still `known` and the clock that goes on in sleep has not come to `deadline`, in nanoseconds. */
bool pilotlight_is_current(const uint64_t *_Nonnull epoch, uint64_t known, uint64_t deadline);

/* The session's epoch: another number after everything that may have changed the session. */
uint64_t pilotlight_epoch(const uint64_t *_Nonnull epoch);

/* Nanoseconds of the clock that goes on in sleep, and that nobody can set. */
uint64_t pilotlight_steady_nanoseconds(void);
