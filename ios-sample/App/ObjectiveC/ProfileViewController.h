@import UIKit;

@class PLTSession;

/// The screen of Auth0's tutorials for Lock 1 and SimpleKeychain, with Pilotlight: for apps in Objective-C.
@interface ProfileViewController : UIViewController

/// Made once, at launch.
@property (nonatomic, strong, nonnull) PLTSession *session;

@property (nonatomic, strong, nullable) IBOutlet UILabel *welcomeLabel;
@property (nonatomic, strong, nullable) IBOutlet UILabel *messageLabel;
@property (nonatomic, strong, nullable) IBOutlet UITextField *countryField;

@end
