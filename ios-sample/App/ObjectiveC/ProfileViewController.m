// This app shows its screens with SwiftUI; this one is here to be copied. scripts/check-apple.sh compiles it.
#import "ProfileViewController.h"
@import Pilotlight;

// Metadata and claims are JSON: where a text is expected there may be a number, or null.
static NSString *text(id value) { return [value isKindOfClass:NSString.class] ? value : nil; }

@implementation ProfileViewController

// Tutorial "Session handling": at launch, keep the user signed in.
- (void)viewDidLoad {
    [super viewDidLoad];
    [[NSNotificationCenter defaultCenter] addObserver:self
                                             selector:@selector(sessionDidChange:)
                                                 name:PLTSession.stateDidChangeNotification
                                               object:self.session];
    [self.session restoreWithCompletion:^(PLTSessionState state, NSError *error) {
        // Takes over what the app stored with SimpleKeychain before; once.
        [self.session importLockSessionWithCompletion:^(PLTSessionState imported, NSError *importError) {
            [self showState:imported error:error ?: importError];
        }];
    }];
}

// Also when the issuer has ended the session, or an extension signed out.
- (void)sessionDidChange:(NSNotification *)notification {
    [self showState:self.session.state error:nil];
}

// Tutorial "Login".
- (IBAction)signIn:(id)sender {
    [self.session signInWithCompletion:^(PLTSessionState state, NSError *error) {
        [self showState:state error:error];
    }];
}

// Tutorial "User profile": from memory, then from the issuer.
- (void)showProfile {
    [self showName:self.session.cachedProfile];
    [self.session profileWithCompletion:^(NSDictionary<NSString *, id> *profile, NSError *error) {
        if (error) { return [self showError:error]; }
        [self showName:profile];
    }];
}

// Tutorial "Calling APIs": a request with a valid token, renewed when needed.
- (IBAction)callAPI:(id)sender {
    NSURL *url = [NSURL URLWithString:@"https://api.example.com/"];
    [self.session authorizeRequest:[NSURLRequest requestWithURL:url] completion:^(NSURLRequest *request, NSError *error) {
        if (!request) { return [self showError:error]; }
        [[[NSURLSession sharedSession] dataTaskWithRequest:request
                                         completionHandler:^(NSData *data, NSURLResponse *response, NSError *failure) {}] resume];
    }];
}

// Tutorial "User metadata".
- (IBAction)saveCountry:(id)sender {
    NSString *country = self.countryField.text;
    // Null deletes the key.
    id value = country.length > 0 ? (id)country : [NSNull null];
    [self.session updateMetadata:@{@"country" : value}
                      completion:^(NSDictionary<NSString *, id> *metadata, NSError *error) {
        if (error) { return [self showError:error]; }
        self.countryField.text = text(metadata[@"country"]);
    }];
}

- (IBAction)signOut:(id)sender {
    [self.session signOutWithCompletion:^{ [self showState:PLTSessionStateSignedOut error:nil]; }];
}

- (void)showState:(PLTSessionState)state error:(NSError *)error {
    if (error) { [self showError:error]; }
    switch (state) {
        case PLTSessionStateSignedIn: return [self showProfile];
        case PLTSessionStateLocked: self.welcomeLabel.text = @"Unlock the device."; break;
        case PLTSessionStateUnknown:
        case PLTSessionStateSignedOut:
        case PLTSessionStateReauthenticationRequired: self.welcomeLabel.text = @"Sign in."; break;
    }
}

- (void)showName:(NSDictionary<NSString *, id> *)profile {
    self.welcomeLabel.text =
        [NSString stringWithFormat:@"Welcome, %@", text(profile[@"name"]) ?: self.session.userIdentifier];
}

// What happened, and what to do about it.
- (void)showError:(NSError *)error {
    self.messageLabel.text =
        [NSString stringWithFormat:@"%@ %@", error.localizedDescription, error.localizedRecoverySuggestion ?: @""];
}

@end
