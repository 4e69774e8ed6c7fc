import SampleKit
import SwiftUI

/// Previews of every state and of the screens behind the home screen, with the SDK's own test double, as for `-stub STATE`.
struct StatePreviews: PreviewProvider {
    static var previews: some View {
        ForEach(StubState.allCases, id: \.self) { view($0).previewDisplayName($0.rawValue) }
        view(.home).preferredColorScheme(.dark).previewDisplayName("home, dark")
        view(.home).dynamicTypeSize(.accessibility3).previewDisplayName("home, large type")
        ForEach(Place.allCases, id: \.self) { view(.home, $0).previewDisplayName($0.rawValue) }
        view(.waiting, .metadata).previewDisplayName("metadata, waiting")
    }

    private static func view(_ state: StubState, _ place: Place? = nil) -> RootView {
        RootView(model: state.model(), opening: place, starts: state != .loading)
    }
}
