//! The exported constants of CFNetwork that the adapter uses. The value of each is its name.

crate::constants::constants! {
    kCFProxyTypeKey kCFProxyHostNameKey kCFProxyPortNumberKey
    kCFProxyAutoConfigurationURLKey kCFProxyAutoConfigurationJavaScriptKey
    kCFProxyTypeNone kCFProxyTypeHTTP kCFProxyTypeHTTPS kCFProxyTypeSOCKS
    kCFProxyTypeAutoConfigurationURL kCFProxyTypeAutoConfigurationJavaScript
}
