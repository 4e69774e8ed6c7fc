// swift-tools-version: 6.0
import PackageDescription

// For the tests of bindings/Pilotlight on Linux, where there is no Combine: the only one of these modules whose bodies run.
let package = Package(
    name: "apple-stubs",
    products: [.library(name: "Combine", targets: ["Combine"])],
    targets: [.target(name: "Combine", path: "Combine")]
)
