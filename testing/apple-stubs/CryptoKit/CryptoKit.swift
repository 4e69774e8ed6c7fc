@_exported import Foundation
import Security

@available(iOS 13.0, macOS 10.15, *)
public enum P256 {
    public enum Signing {
        public struct ECDSASignature {
            public var rawRepresentation: Data { fatalError() }
        }

        public struct PublicKey {
            public var x963Representation: Data { fatalError() }
        }

        public struct PrivateKey {
            public init() {}
            // Apple's takes any contiguous bytes.
            public init(rawRepresentation: Data) throws { fatalError() }
            public var publicKey: PublicKey { fatalError() }
            public var rawRepresentation: Data { fatalError() }
            public func signature(for data: Data) throws -> ECDSASignature { fatalError() }
        }
    }
}

@available(iOS 13.0, macOS 10.15, *)
public enum SecureEnclave {
    public static var isAvailable: Bool { fatalError() }

    public enum P256 {
        public enum Signing {
            public struct PrivateKey {
                // Apple's takes a context for the user's consent too.
                public init(accessControl: SecAccessControl) throws { fatalError() }
                public init(dataRepresentation: Data) throws { fatalError() }
                public var publicKey: CryptoKit.P256.Signing.PublicKey { fatalError() }
                public var dataRepresentation: Data { fatalError() }
                public func signature(for data: Data) throws -> CryptoKit.P256.Signing.ECDSASignature { fatalError() }
            }
        }
    }
}
