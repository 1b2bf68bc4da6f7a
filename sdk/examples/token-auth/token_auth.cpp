// An auth service in C++: a fixed list of users and tokens from the conf file. Refuses everybody
// else.
#include <map>
#include <sara/plugin.hpp>
#include <string>

#include "manifest.h"

namespace {

// As long as the tokens, wherever they differ: the time of a refusal tells nothing about the token.
bool sameToken(std::string_view a, std::string_view b) {
    unsigned difference = a.size() == b.size() ? 0 : 1;
    for (std::size_t i = 0; i < b.size(); ++i) {
        difference |= static_cast<unsigned>((i < a.size() ? a[i] : ~b[i]) ^ b[i]);
    }
    return difference == 0;
}

class TokenAuth : public sara::Plugin {
  public:
    // [loop]
    void check(const sara::AuthRequest& who, sara::AuthAnswer answer) {
        const auto jid = sara::Jid::parse(who.jid());
        const auto known = jid ? tokens_.find(jid->bare()) : tokens_.end();
        const bool right = known != tokens_.end() && sameToken(who.password(), known->second);
        (void)(right ? answer.allow() : answer.deny());
    }

  private:
    sara::Result<void> init() override {
        std::string_view rest = config().text("tokens", "");
        while (!rest.empty()) {
            const std::string_view entry = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
            const std::size_t equals = entry.find('=');
            if (entry.empty()) continue;
            if (equals == std::string_view::npos || !sara::Jid::parse(entry.substr(0, equals))) {
                return sara::Error{sara::Status::kInvalid, "tokens: expected user@domain=token"};
            }
            tokens_.emplace(entry.substr(0, equals), entry.substr(equals + 1));
        }
        return {};
    }
    const void* service(std::string_view id) override {
        return id == SARA_SVC_AUTH ? sara::authTable<TokenAuth>() : nullptr;
    }

    std::map<std::string, std::string, std::less<>> tokens_;  // by bare jid
};

}  // namespace

SARA_PLUGIN(TokenAuth)
