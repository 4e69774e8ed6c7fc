// `Session` alone may be the type of either module: an ordinary ambiguity, which the module's name resolves.

import Accounts
import Models

#if WITH_PILOTLIGHT
import Pilotlight
#endif

let named: Accounts.Session = Accounts.Session(title: "Monday")
let profile = UserProfile(address: Address(street: "Main Street"))

#if WITH_PILOTLIGHT
func state(of session: Pilotlight.Session) -> SessionState? { session.state }
#endif

#if UNNAMED
func title(of session: Session) -> String { session.title }
#endif
