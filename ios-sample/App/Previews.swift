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

private struct StubView: View {
    let state: StubState
    @State private var model: AppModel

    init(state: StubState) {
        self.state = state
        _model = State(initialValue: state.model())
    }

    var body: some View {
        RootView(model: model)
            .task { if state.starts { await model.start() } }
    }
}
