// swift-tools-version: 6.0
import PackageDescription

// An app uses only the library. The terminal program and the tests need a host with the core's shared library; see the
// manifest of bindings/Pilotlight, which has the same rule.
#if os(Linux)
let onLinux = true
#else
let onLinux = false
#endif
let asApple = Context.environment["PILOTLIGHT_MANIFEST_AS_APPLE"] != nil
let forHost = (onLinux || Context.environment["PILOTLIGHT_CORE_LIBRARY_DIR"] != nil) && !asApple

let pilotlight = Target.Dependency.product(name: "Pilotlight", package: "Pilotlight")

let hostTargets: [Target] =
    forHost
    ? [
        // The terminal program without its `main`, so that tests can run it.
        .target(name: "TerminalKit", dependencies: ["SampleKit"]),
        .executableTarget(name: "pilotlight-terminal", dependencies: ["TerminalKit"], path: "Sources/Terminal"),
        // Starts and controls the identity server. The files are linked from bindings/Pilotlight. The target has another name
        // there, because a package's targets share one namespace with the targets of its dependencies.
        .target(name: "ServerSupport", dependencies: [pilotlight], path: "Tests/ServerSupport"),
        .testTarget(name: "SampleKitTests", dependencies: ["SampleKit", "ServerSupport"]),
        .testTarget(name: "TerminalKitTests", dependencies: ["TerminalKit", "ServerSupport"]),
    ]
    : []

let package = Package(
    name: "SampleKit",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "SampleKit", targets: ["SampleKit"])]
        + (forHost ? [.executable(name: "pilotlight-terminal", targets: ["pilotlight-terminal"])] : []),
    dependencies: [.package(path: "../../bindings/Pilotlight")],
    targets: [
        // The settings, and the models of the app's screens.
        .target(name: "SampleKit", dependencies: [pilotlight])
    ] + hostTargets
)
