// The part of Apple's Objective-C runtime that the project meets.
typedef struct objc_selector *SEL;
typedef signed char BOOL;
#define YES ((BOOL)1)
#define NO ((BOOL)0)
#define nil ((void *)0)
typedef long NSInteger;
typedef unsigned long NSUInteger;

#pragma clang assume_nonnull begin
__attribute__((swift_name("NSObjectProtocol")))
@protocol NSObject
- (_Bool)isEqual:(nullable id)object;
@property (readonly) NSUInteger hash;
@end

__attribute__((objc_root_class))
@interface NSObject <NSObject>
+ (instancetype)alloc;
+ (instancetype)new;
- (instancetype)init;
+ (Class)class __attribute__((availability(swift, unavailable)));
- (BOOL)isKindOfClass:(Class)kind;
@end
#pragma clang assume_nonnull end
