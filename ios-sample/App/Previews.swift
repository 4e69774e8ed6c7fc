import SampleKit
import SwiftUI

/// Every state, light and dark and with large type: from the SDK's own test double, as `-stub STATE` shows them.
struct StatePreviews: PreviewProvider {
    static var previews: some View {
        ForEach(StubState.allCases, id: \.self) { state in
            StubView(state: state).previewDisplayName(state.rawValue)
        }
        StubView(state: .home).preferredColorScheme(.dark).previewDisplayName("home, dark")
        StubView(state: .home).dynamicTypeSize(.accessibility3).previewDisplayName("home, large type")
    }
}

/// The screens behind the home screen, in their states.
struct ScreenPreviews: PreviewProvider {
    static var previews: some View {
        ForEach(Place.allCases, id: \.self) { place in
            StubView(state: .home, place: place).previewDisplayName(place.rawValue)
        }
        StubView(state: .offline, place: .profile).previewDisplayName("profile, offline")
        StubView(state: .empty, place: .metadata).previewDisplayName("metadata, empty")
        StubView(state: .waiting, place: .metadata).previewDisplayName("metadata, waiting")
        StubView(state: .offline, place: .metadata).previewDisplayName("metadata, offline")
        StubView(state: .home, place: .settings).dynamicTypeSize(.accessibility3)
            .previewDisplayName("settings, large type")
    }
}

private struct StubView: View {
    let state: StubState
    let place: Place?
    @State private var model: AppModel

    init(state: StubState, place: Place? = nil) {
        self.state = state
        self.place = place
        _model = State(initialValue: state.model())
    }

    var body: some View {
        RootView(model: model, opening: place)
            .task { if state.starts { await model.start() } }
    }
}
