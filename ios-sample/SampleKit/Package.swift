// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "SampleKit",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [
        .library(name: "SampleKit", targets: ["SampleKit"]),
        .executable(name: "pilotlight-terminal", targets: ["pilotlight-terminal"]),
    ],
    dependencies: [.package(path: "../../bindings/swift")],
    targets: [
        // What the app and the terminal program have in common: settings and the models behind the screens.
        .target(name: "SampleKit", dependencies: [.product(name: "Pilotlight", package: "swift")]),
        // The terminal program without its `main`, so that tests can run it.
        .target(name: "TerminalKit", dependencies: ["SampleKit"]),
        .executableTarget(name: "pilotlight-terminal", dependencies: ["TerminalKit"], path: "Sources/Terminal"),
        // The same files as in bindings/swift: the folder is a link.
        .target(name: "IdentityServerSupport", path: "Tests/IdentityServerSupport"),
        .testTarget(name: "SampleKitTests", dependencies: ["SampleKit", "IdentityServerSupport"]),
        .testTarget(name: "TerminalKitTests", dependencies: ["TerminalKit", "IdentityServerSupport"]),
    ]
)
