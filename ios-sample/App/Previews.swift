import SampleKit
import SwiftUI

/// Every state, and the screens behind the home screen: from the SDK's own test double, as `-stub STATE` shows them.
struct StatePreviews: PreviewProvider {
    static var previews: some View {
        ForEach(StubState.allCases, id: \.self) { StubView(state: $0).previewDisplayName($0.rawValue) }
        StubView(state: .home).preferredColorScheme(.dark).previewDisplayName("home, dark")
        StubView(state: .home).dynamicTypeSize(.accessibility3).previewDisplayName("home, large type")
        ForEach(Place.allCases, id: \.self) { StubView(state: .home, place: $0).previewDisplayName($0.rawValue) }
        StubView(state: .waiting, place: .metadata).previewDisplayName("metadata, waiting")
    }
}

private struct StubView: View {
    let state: StubState
    let place: Place?
    @State private var model: AppModel

    init(state: StubState, place: Place? = nil) {
        (self.state, self.place) = (state, place)
        _model = State(initialValue: state.model())
    }

    var body: some View {
        RootView(model: model, opening: place, starts: state != .loading)
    }
}
