// swift-tools-version: 6.0
import PackageDescription

// The package that scripts/build-xcframework.sh makes for apps: this manifest, the XCFramework and the sources.
let package = Package(
    name: "Pilotlight",
    platforms: [.iOS(.v15)],
    products: [.library(name: "Pilotlight", targets: ["Pilotlight"])],
    targets: [
        .binaryTarget(name: "PilotlightFFI", path: "PilotlightFFI.xcframework"),
        // A static library cannot name the frameworks that it calls.
        .target(
            name: "PilotlightCore", dependencies: ["PilotlightFFI"],
            linkerSettings: [
                .linkedFramework("Security"), .linkedFramework("CoreFoundation"), .linkedFramework("CFNetwork"),
                .linkedFramework("LocalAuthentication", .when(platforms: [.iOS, .macOS, .macCatalyst, .visionOS])),
            ]),
        // SwiftPM takes no privacy manifest from a static XCFramework, but does take a target's.
        .target(
            name: "Pilotlight", dependencies: ["PilotlightCore", "PilotlightFFI"],
            resources: [.process("PrivacyInfo.xcprivacy")]),
    ]
)
