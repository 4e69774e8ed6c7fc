//! The exported constants of CFNetwork that the adapter uses. Their content is their name.

crate::constants::constants! {
    kCFProxyTypeKey kCFProxyHostNameKey kCFProxyPortNumberKey
    kCFProxyAutoConfigurationURLKey kCFProxyAutoConfigurationJavaScriptKey
    kCFProxyTypeNone kCFProxyTypeHTTP kCFProxyTypeHTTPS kCFProxyTypeSOCKS
    kCFProxyTypeAutoConfigurationURL kCFProxyTypeAutoConfigurationJavaScript
}
