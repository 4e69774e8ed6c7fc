import SwiftUI

@MainActor @Observable
final class Model {
    struct Row: Identifiable, Sendable {
        let id: Int
        let name: String
    }

    var address = "https://example.com"
    var rows: [Row] = []
    var isBusy = false
    var fault: String?

    func load() async {
        isBusy = true
        defer { isBusy = false }
        await Task.yield()
        rows = [Row(id: 1, name: address)]
    }
}

struct RowsView: View {
    @Bindable var model: Model
    @State private var showsFault = false
    @Environment(\.scenePhase) private var phase

    var body: some View {
        NavigationStack {
            List {
                Section("Server") {
                    TextField("Address", text: $model.address).accessibilityIdentifier("address")
                    Button("Load") { Task { await model.load() } }.disabled(model.isBusy)
                    if model.isBusy { ProgressView() } else { Text("Idle") }
                }
                ForEach(model.rows) { row in LabeledContent("\(row.id)", value: row.name) }
            }
            .navigationTitle("Proof")
            .task { await model.load() }
            .alert("Fault", isPresented: $showsFault) {
                Button("OK") {}
            } message: {
                Text(model.fault ?? words)
            }
            .onChange(of: model.isBusy) { _, isBusy in
                if !isBusy { showsFault = model.fault != nil }
            }
        }
    }

    private var words: String {
        switch phase {
        case .active: "active"
        case .inactive, .background: "waiting"
        @unknown default: "unknown"
        }
    }
}

@main
struct ProofApp: App {
    @State private var model = Model()

    var body: some Scene {
        WindowGroup { RowsView(model: model) }
    }
}
