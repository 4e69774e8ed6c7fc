// swift-tools-version: 6.0
import PackageDescription

// The package by this repository's address: https://github.com/OWNER/REPOSITORY, from a version's tag on. For work on Pilotlight itself
// open bindings/Pilotlight.
//
// The Rust core is the XCFramework of the same release. scripts/release.sh writes its address here, and nobody else. In a checkout
// between releases it is what scripts/build-xcframework.sh has made.
let releasedURL = ""
let releasedChecksum = ""

let core: Target =
    releasedURL.isEmpty
    ? .binaryTarget(name: "PilotlightFFI", path: "build/Pilotlight/PilotlightFFI.xcframework")
    : .binaryTarget(name: "PilotlightFFI", url: releasedURL, checksum: releasedChecksum)

let package = Package(
    name: "Pilotlight",
    platforms: [.iOS(.v15)],
    products: [.library(name: "Pilotlight", targets: ["Pilotlight"])],
    targets: [
        core,
        // A static library cannot name the frameworks that it calls.
        .target(
            name: "PilotlightCore", dependencies: ["PilotlightFFI"],
            path: "bindings/Pilotlight/Sources/PilotlightCore",
            linkerSettings: [
                .linkedFramework("Security"), .linkedFramework("CoreFoundation"), .linkedFramework("CFNetwork"),
                .linkedFramework("LocalAuthentication", .when(platforms: [.iOS, .macOS, .macCatalyst, .visionOS])),
            ]),
        // SwiftPM takes no privacy manifest from a static XCFramework, but does take a target's.
        .target(
            name: "Pilotlight", dependencies: ["PilotlightCore", "PilotlightFFI"],
            path: "bindings/Pilotlight/Sources/Pilotlight",
            resources: [.process("PrivacyInfo.xcprivacy")]),
    ]
)
