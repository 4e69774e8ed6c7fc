// What Objective-C sees of UIKit, as far as the sample's Objective-C goes.
@import Foundation;

#define IBAction void
#define IBOutlet

#pragma clang assume_nonnull begin
@interface UIView : NSObject
@property (getter=isHidden) BOOL hidden;
@end

@interface UILabel : UIView
@property (copy, nullable) NSString *text;
@end

@interface UITextField : UIView
@property (copy, nullable) NSString *text;
@end

@interface UIViewController : NSObject
- (void)viewDidLoad;
- (void)presentViewController:(UIViewController *)controller
                     animated:(BOOL)animated
                   completion:(void (^_Nullable)(void))completion;
- (void)dismissViewControllerAnimated:(BOOL)animated completion:(void (^_Nullable)(void))completion;
@end
#pragma clang assume_nonnull end
