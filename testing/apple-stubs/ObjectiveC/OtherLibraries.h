// As much of other libraries as the Objective-C of the guide "Migrate from another library" calls, as their documentation shows it.
@import UIKit;

#pragma clang assume_nonnull begin
// SimpleKeychain
@interface A0SimpleKeychain : NSObject
+ (instancetype)keychainWithService:(NSString *)service;
- (BOOL)setString:(NSString *)string forKey:(NSString *)key;
- (BOOL)setData:(NSData *)data forKey:(NSString *)key;
- (nullable NSString *)stringForKey:(NSString *)key;
- (nullable NSData *)dataForKey:(NSString *)key;
- (void)clearAll;
@end

// Lock 1
@interface A0UserProfile : NSObject
@end

@interface A0Token : NSObject
@property (readonly, copy) NSString *idToken;
@property (readonly, copy, nullable) NSString *refreshToken;
@end

@interface A0APIClient : NSObject
- (void)fetchNewIdTokenWithRefreshToken:(NSString *)refreshToken
                             parameters:(nullable id)parameters
                                success:(void (^)(A0Token *token))success
                                failure:(void (^)(NSError *error))failure;
@end

@interface A0LockViewController : UIViewController
@property (copy) void (^onAuthenticationBlock)(A0UserProfile *profile, A0Token *token);
@end

@interface A0Lock : NSObject
+ (instancetype)sharedLock;
- (A0APIClient *)apiClient;
- (A0LockViewController *)newLockViewController;
@end

// AppAuth
@class OIDAuthState;

@protocol OIDAuthStateChangeDelegate <NSObject>
- (void)didChangeState:(OIDAuthState *)state;
@end

@interface OIDAuthState : NSObject
- (void)performActionWithFreshTokens:(void (^)(NSString *_Nullable accessToken, NSString *_Nullable idToken,
                                               NSError *_Nullable error))action;
@end
#pragma clang assume_nonnull end
