import SwiftUI

@main
struct FirstApp: App {
    var body: some Scene {
        WindowGroup { AccountView() }
    }
}

struct AccountView: View {
    var body: some View {
        Text("Hello.")
    }
}
