// What Objective-C sees of Foundation, as far as the project's Objective-C goes.
@import ObjectiveC;

typedef double NSTimeInterval;

#pragma clang assume_nonnull begin
@interface NSString : NSObject
@property (readonly) NSUInteger length;
- (BOOL)isEqualToString:(NSString *)other;
+ (instancetype)stringWithFormat:(NSString *)format, ...;
@end

@interface NSConstantString : NSString
@end

@interface NSData : NSObject
@end

@interface NSNull : NSObject
+ (NSNull *)null;
@end

@interface NSNumber : NSObject
+ (NSNumber *)numberWithInt:(int)value;
+ (NSNumber *)numberWithBool:(BOOL)value;
@end

@interface NSArray<__covariant Object> : NSObject
@end

@interface NSDictionary<__covariant Key, __covariant Object> : NSObject
- (nullable Object)objectForKeyedSubscript:(Key)key;
+ (instancetype)dictionaryWithObjects:(const Object _Nonnull [_Nullable])objects
                              forKeys:(const id _Nonnull [_Nullable])keys
                                count:(NSUInteger)count;
@end

@interface NSError : NSObject
@property (readonly, copy) NSString *domain;
@property (readonly) NSInteger code;
@property (readonly, copy) NSString *localizedDescription;
@property (readonly, copy, nullable) NSString *localizedRecoverySuggestion;
@end

@interface NSURL : NSObject
+ (nullable instancetype)URLWithString:(NSString *)string;
@end

@interface NSURLRequest : NSObject
+ (instancetype)requestWithURL:(NSURL *)url;
@end

@interface NSMutableURLRequest : NSURLRequest
- (void)setValue:(nullable NSString *)value forHTTPHeaderField:(NSString *)field;
@end

@interface NSURLResponse : NSObject
@end

@interface NSHTTPURLResponse : NSURLResponse
@property (readonly) NSInteger statusCode;
@end

@interface NSURLSessionDataTask : NSObject
- (void)resume;
@end

@interface NSURLSession : NSObject
@property (class, readonly) NSURLSession *sharedSession;
- (NSURLSessionDataTask *)dataTaskWithRequest:(NSURLRequest *)request
                            completionHandler:(void (^)(NSData *_Nullable data, NSURLResponse *_Nullable response,
                                                        NSError *_Nullable error))completionHandler;
@end

@interface NSNotification : NSObject
@end

@interface NSNotificationCenter : NSObject
@property (class, readonly, strong) NSNotificationCenter *defaultCenter;
- (void)addObserver:(id)observer selector:(SEL)aSelector name:(nullable NSString *)aName object:(nullable id)anObject;
@end

@interface NSUserDefaults : NSObject
@property (class, readonly) NSUserDefaults *standardUserDefaults;
- (void)setObject:(nullable id)value forKey:(NSString *)key;
- (void)removeObjectForKey:(NSString *)key;
@end

@interface NSKeyedArchiver : NSObject
+ (nullable NSData *)archivedDataWithRootObject:(id)object
                          requiringSecureCoding:(BOOL)requiresSecureCoding
                                          error:(NSError **)error;
@end

@interface NSKeyedUnarchiver : NSObject
+ (nullable id)unarchiveObjectWithData:(NSData *)data;
@end
#pragma clang assume_nonnull end
