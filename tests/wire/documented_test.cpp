// docs/wire.md against the real server: every block that is marked emsg is played, every JSON text
// in it is read. A sentence in that document may age; a dialogue may not.
#include <Poco/JSON/Parser.h>

#include <cctype>
#include <future>
#include <map>
#include <regex>
#include <sstream>

#include "kit/backend.h"
#include "kit/http.h"
#include "kit/tls_identity.h"
#include "kit/wire_test.h"

namespace sara::wire {
namespace {

struct DocumentedBlock {
    size_t line = 0;       // of its first row in the document
    bool stream = false;   // bytes that only tcp and tls can carry
    bool backend = false;  // with the operator's back end that the document describes
    std::string conf;
    std::vector<std::string> rows;
};

std::string document() { return readFile(std::string(SARA_SOURCE_DIR) + "/docs/wire.md"); }

// Blocks whose fence begins with ```KIND; "" for all of them.
std::vector<DocumentedBlock> blocks(const std::string& kind) {
    std::vector<DocumentedBlock> found;
    std::istringstream in(document());
    std::string row;
    bool inside = false, wanted = false;
    for (size_t number = 1; std::getline(in, row); ++number) {
        if (row.rfind("```", 0) == 0) {
            inside = !inside;
            wanted = inside && row.rfind("```" + kind, 0) == 0;
            if (!wanted) continue;
            const size_t conf = row.find('{');
            const std::string words = row.substr(0, conf);
            found.push_back({number + 1,
                             words.find(" tcp") != std::string::npos,
                             words.find(" backend") != std::string::npos,
                             conf == std::string::npos ? "" : row.substr(conf),
                             {}});
        } else if (wanted) {
            found.back().rows.push_back(row);
        }
    }
    return found;
}

const std::regex& uuid() {
    static const std::regex kUuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    return kUuid;
}

// The server's time and fresh ids differ from run to run. ASCII only: the document has nothing else
// there.
std::string withoutChance(const std::string& text) {
    static const std::regex kTime("\"[0-9]{13}\"");
    // Where a client of this run comes from.
    static const std::regex kClient(R"("transport":"[a-z]+","peer":"[^"]*","silent_ms":[0-9]+)");
    std::string plain = std::regex_replace(text, kTime, "\"TIME\"");
    plain = std::regex_replace(plain, uuid(), "UUID");
    return std::regex_replace(plain, kClient, "CLIENT");
}

std::string bytesOf(const std::string& hex) {
    std::istringstream in(hex);
    std::string out, pair;
    while (in >> pair) out.push_back(static_cast<char>(std::stoi(pair, nullptr, 16)));
    return out;
}

std::string filled(size_t bytes) {
    std::string text = R"({"envelope":{"id":"big","type":1,"to":"bob@demo"},"payload":")";
    text.append(bytes - text.size() - 2, 'x');
    return text + "\"}";
}

// The back end of the document: g1 has three members, and mallory may not log in.
std::string backendAnswer(const BackendRequest& request) {
    if (request.method == "get_user_list" && request.param("gid") == "g1") {
        return R"({"sn":"1","success":true,"entity":{"users":["alice","bob","carl"]}})";
    }
    const bool good = request.method == "auth" && request.param("uid") != "mallory";
    return good ? R"({"sn":"1","success":true})" : R"({"sn":"1","success":false})";
}

void setFrom(const Poco::JSON::Object& object, Conf* conf) {
    for (const auto& name : object.getNames()) {
        if (!object.isObject(name)) {
            conf->set(name, Poco::Dynamic::Var::toString(object.get(name)));
            continue;
        }
        if (name.find('.') != std::string::npos) {  // the section of a plugin, as a whole
            conf->set(name, Poco::Dynamic::Var::toString(object.get(name)));
            continue;
        }
        const auto section = object.getObject(name);
        for (const auto& key : section->getNames()) {
            conf->set(name + "." + key, section->getValue<std::string>(key));
        }
    }
}

// One block on a server of its own, over the transport of this run.
class Play {
  public:
    explicit Play(const DocumentedBlock& block) : block_(block) {
        Conf conf = Conf::inFolder(folder_.path().string());
        conf.set("login_failure_delay_ms", "20");
        if (overTls(via_)) {
            writeTlsIdentity(folder_.file("server.pem"), folder_.file("server.key"));
            conf.setText("certfile", folder_.file("server.pem"));
            conf.setText("keyfile", folder_.file("server.key"));
        }
        if (via_ == Via::kTls) conf.set("enable_tls", "true");
        if (via_ == Via::kWs) conf.set("enable_ws", "true");
        if (via_ == Via::kWss) conf.set("enable_wss", "true");
        if (block.backend) {
            backend_ = std::make_unique<Backend>();
            backend_->answer(backendAnswer);
            conf.setText("callback", backend_->url());
            conf.set("enable_auth", "true");
        }
        if (!block.conf.empty()) {
            setFrom(*Poco::JSON::Parser().parse(block.conf).extract<Poco::JSON::Object::Ptr>(),
                    &conf);
        }
        server_ = std::make_unique<ServerProcess>(folder_.path().string(), conf);
    }

    void run() {
        for (size_t i = 0; i < block_.rows.size(); ++i) {
            SCOPED_TRACE("docs/wire.md line " + std::to_string(block_.line + i));
            row(block_.rows[i]);
            if (::testing::Test::HasFatalFailure()) break;
        }
        EXPECT_TRUE(server_->running()) << server_->output();
        if (::testing::Test::HasFatalFailure()) return;
        // Bytes of the last rows that nobody has named would be a surprise to the reader.
        expectBytes();
        for (auto& [name, client] : clients_) {
            EXPECT_EQ(client.next(Millis(0)).value_or(""), "") << name << " received more";
        }
    }

  private:
    uint16_t port() const {
        switch (via_) {
            case Via::kTls:
                return server_->tlsPort();
            case Via::kWs:
                return server_->wsPort();
            case Via::kWss:
                return server_->wssPort();
            default:
                return server_->port();
        }
    }

    void row(const std::string& text) {
        static const std::regex kRow("^(\\w+) *(<<|>>|<|>|#) (.*)$");
        std::smatch parts;
        ASSERT_TRUE(std::regex_match(text, parts, kRow)) << text;
        const std::string name = parts[1], what = parts[2], rest = parts[3];
        if (what != "<<" || name != expecting_) expectBytes();
        if (name == "rpc") {
            command(what, rest);
            return;
        }
        if (name == "backend") {
            question(rest);
            return;
        }
        Client& client = clients_.try_emplace(name, port(), via_).first->second;
        if (what == ">") {
            const bool fill = rest.rfind("FILL ", 0) == 0;
            ASSERT_TRUE(
                client.send(fill ? filled(std::stoul(rest.substr(5))) : answering(name, rest)));
        } else if (what == ">>") {
            ASSERT_TRUE(client.sendRaw(bytesOf(rest)));
        } else if (what == "<<") {
            expecting_ = name;
            expected_ += bytesOf(rest);
        } else if (what == "<") {
            const auto frame = client.next();
            ASSERT_TRUE(frame.has_value()) << "nothing came; the log says:\n"
                                           << readFile(folder_.file("sara.log"));
            EXPECT_EQ(withoutChance(*frame), withoutChance(rest));
            std::smatch id;
            if (std::regex_search(*frame, id, uuid())) fresh_[name] = id.str();
        } else {
            EXPECT_EQ(rest, "closed");
            EXPECT_TRUE(client.closed());
            EXPECT_TRUE(client.rest().empty());
        }
    }

    // A UUID in what somebody sends is the one that he received last.
    std::string answering(const std::string& name, const std::string& text) const {
        const auto last = fresh_.find(name);
        return last == fresh_.end() ? text : std::regex_replace(text, uuid(), last->second);
    }

    // The operator asks over HTTP. The answer may wait for what others do in the next rows.
    void command(const std::string& what, const std::string& json) {
        if (what == ">") {
            answer_ = std::async(std::launch::async, [port = server_->rpcPort(), json] {
                return httpRpc(port, json).body;
            });
            return;
        }
        ASSERT_TRUE(answer_.valid());
        EXPECT_EQ(withoutChance(answer_.get()), withoutChance(json));
    }

    // What the operator's back end was asked next.
    void question(const std::string& json) {
        ASSERT_NE(backend_, nullptr);
        ASSERT_TRUE(backend_->waitRequests(questions_ + 1)) << "nothing was asked";
        EXPECT_EQ(withoutChance(backend_->requests()[questions_++].json), withoutChance(json));
    }

    // Rows of << are one text: each frame of it must be the next one.
    void expectBytes() {
        std::istringstream in(std::exchange(expected_, ""));
        for (std::string body; std::getline(in, body, '\x01');) {
            const auto frame = clients_.at(expecting_).next();
            ASSERT_TRUE(frame.has_value()) << "nothing came";
            EXPECT_EQ(*frame, body);
        }
    }

    const DocumentedBlock& block_;
    const Via via_ = usualVia();
    TempFolder folder_;
    std::unique_ptr<Backend> backend_;
    std::unique_ptr<ServerProcess> server_;
    std::map<std::string, Client> clients_;
    std::map<std::string, std::string> fresh_;
    std::future<std::string> answer_;
    size_t questions_ = 0;
    std::string expecting_;
    std::string expected_;
};

TEST(DocumentedTest, EveryDialogueHappensAsItIsWritten) {
    const auto dialogues = blocks("emsg");
    ASSERT_GE(dialogues.size(), 10u);
    for (const DocumentedBlock& block : dialogues) {
        if (block.stream && overWs(usualVia())) continue;
        SCOPED_TRACE("docs/wire.md, block at line " + std::to_string(block.line));
        Play(block).run();
    }
}

// Tables and prose show packets too, in backquotes: these must be JSON at least.
TEST(DocumentedTest, EveryPacketInTheTextIsJson) {
    const std::string text = document();
    size_t seen = 0;
    const std::string open = "`{\"";
    for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at + 1)) {
        const std::string json = text.substr(at + 1, text.find('`', at + 1) - at - 1);
        if (json.find(": text") != std::string::npos) continue;  // a form, not a packet
        EXPECT_NO_THROW(Poco::JSON::Parser().parse(json)) << json;
        ++seen;
    }
    EXPECT_GE(seen, 8u);
}

}  // namespace
}  // namespace sara::wire
