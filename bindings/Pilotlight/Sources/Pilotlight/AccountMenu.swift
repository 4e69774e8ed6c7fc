#if canImport(SwiftUI) && canImport(AuthenticationServices) && !os(tvOS) && canImport(Observation)
import SwiftUI

/// A menu of the app's accounts, with the current user's picture: switches accounts, adds one and signs out.
///
/// ```swift
/// .toolbar { AccountMenu(accounts) }
/// ```
///
/// Its texts are keys in the app's string catalogue: "Add Account", "Sign Out" and "Account". A user is shown by name, nickname,
/// user name or email address, or as "Account" if none of these is known. The picture is loaded from the URL in the profile
/// (network).
@available(iOS 17, macOS 14, *)
public struct AccountMenu: View {
    private let accounts: SessionAccounts
    private let options: SignInOptions
    private let onError: @MainActor (SessionError) -> Void

    /// Creates a menu.
    ///
    /// - Parameters:
    ///   - accounts: The accounts to show.
    ///   - options: The options for signing in another user. By default the issuer lets the user choose an account.
    ///   - onError: Called with the error of a sign-in that failed.
    public init(
        _ accounts: SessionAccounts, options: SignInOptions = SignInOptions(prompt: [.selectAccount]),
        onError: @escaping @MainActor (SessionError) -> Void = { _ in }
    ) {
        self.accounts = accounts
        self.options = options
        self.onError = onError
    }

    /// The menu.
    public var body: some View {
        Menu {
            ForEach(accounts.all) { account in
                Button {
                    accounts.makeCurrent(account)
                } label: {
                    Label {
                        name(of: account)
                    } icon: {
                        Image(systemName: account == accounts.current ? "checkmark" : "person")
                    }
                }
            }
            Button("Add Account") { Task { await add() } }
            if let current = accounts.current {
                Button("Sign Out", role: .destructive) { Task { await accounts.remove(current) } }
            }
        } label: {
            AsyncImage(url: accounts.current?.model.profile?.pictureURL) { picture in
                picture.resizable().scaledToFill().frame(width: 28, height: 28).clipShape(Circle())
            } placeholder: {
                Label("Account", systemImage: "person.crop.circle")
            }
        }
        .accessibilityLabel(Text("Account"))
        .accessibilityValue(accounts.current.map(name(of:)) ?? Text(verbatim: ""))
        .task(id: accounts.current) { await accounts.current?.model.loadProfile() }
    }

    private func name(of account: SessionAccounts.Account) -> Text {
        account.model.profile?.displayName.map { Text(verbatim: $0) } ?? Text("Account")
    }

    private func add() async {
        do {
            try await accounts.add(using: SystemWebAuthenticator(), options: options)
        } catch let error as SessionError where error != .signInCancelled {
            onError(error)
        } catch {
            // The user or the task cancelled the sign-in.
        }
    }
}
#endif
