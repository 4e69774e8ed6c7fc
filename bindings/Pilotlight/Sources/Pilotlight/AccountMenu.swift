#if canImport(SwiftUI) && canImport(AuthenticationServices) && !os(tvOS) && canImport(Observation)
import SwiftUI

/// A menu of the app's users, with the current one's picture: switches, adds and signs out.
///
/// ```swift
/// .toolbar { AccountMenu(accounts) }
/// ```
///
/// Its texts are keys of the app's string catalogue: "Add Account", "Sign Out" and "Account". A user is shown by name, nickname,
/// user name or e-mail address, and as "Account" where none of these is known. A picture is loaded from the
/// address that the profile names.
@available(iOS 17, macOS 14, *)
public struct AccountMenu: View {
    private let accounts: SessionAccounts
    private let options: SignInOptions
    private let onError: @MainActor (SessionError) -> Void

    /// A menu.
    ///
    /// - Parameters:
    ///   - accounts: Whose users it shows.
    ///   - options: Options of the sign-in of another user. By default the issuer lets the user choose an account.
    ///   - onError: Gets the error of a sign-in that failed.
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
            // Cancelled, by the user or with the task.
        }
    }
}
#endif
