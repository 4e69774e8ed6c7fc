//! The exported constants of the Security framework that concern keys.

crate::constants::constants! {
    kSecAttrKeyType kSecAttrKeyTypeRSA kSecAttrKeyTypeECSECPrimeRandom
    kSecAttrKeyClass kSecAttrKeyClassPublic kSecAttrKeySizeInBits
    kSecKeyAlgorithmECDSASignatureMessageX962SHA256 kSecKeyAlgorithmECDSASignatureMessageX962SHA384
    kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA256 kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA384
    kSecKeyAlgorithmRSASignatureMessagePKCS1v15SHA512
    kSecKeyAlgorithmRSASignatureMessagePSSSHA256 kSecKeyAlgorithmRSASignatureMessagePSSSHA384
    kSecKeyAlgorithmRSASignatureMessagePSSSHA512
    kSecKeyAlgorithmECDHKeyExchangeStandard
}
