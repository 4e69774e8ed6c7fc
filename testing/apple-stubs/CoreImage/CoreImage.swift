@_exported import Foundation

@available(iOS 5.0, macOS 10.4, *)
open class CIFilter: NSObject {
    public convenience init?(name: String) { fatalError() }
    // NSObject's, by key-value coding.
    open func setValue(_ value: Any?, forKey key: String) {}
    open var outputImage: CIImage? { fatalError() }
}

@available(iOS 5.0, macOS 10.4, *)
open class CIImage: NSObject {
    open func transformed(by matrix: CGAffineTransform) -> CIImage { fatalError() }
    open var extent: CGRect { fatalError() }
}

@available(iOS 5.0, macOS 10.4, *)
open class CIContext: NSObject {
    override public init() {}
    open func createCGImage(_ image: CIImage, from fromRect: CGRect) -> CGImage? { fatalError() }
}

// Of CoreGraphics, which CoreImage brings along.
@available(iOS 2.0, macOS 10.0, *)
public final class CGImage: @unchecked Sendable {}

public struct CGAffineTransform: Sendable, Equatable {
    public init(scaleX: CGFloat, y: CGFloat) {}
}
