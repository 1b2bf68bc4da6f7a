// Logins against a backend, good and bad.
#include <gmock/gmock.h>

#include "auth-callback/signature.h"
#include "callback_rig.h"
#include "kit/tls_identity.h"

namespace sara::auth_callback {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using wire::BackendMode;

class CallbackLoginTest : public CallbackRig {};

TEST_F(CallbackLoginTest, BackendDecidesWhoGetsIn) {
    useBackend();
    backend().answer([](const wire::BackendRequest& r) {
        return std::string(R"({"sn":"1","success":)") +
               (r.param("token") == "right" ? "true}" : "false}");
    });
    ASSERT_TRUE(start());
    EXPECT_EQ(login("alice", "right"), SARA_OK);
    EXPECT_EQ(login("alice", "wrong"), SARA_E_DENIED);
    EXPECT_EQ(login("alice", ""), SARA_E_DENIED);
    EXPECT_EQ(host().metric("callback_logins_total"), 3);
    EXPECT_EQ(host().metric("callback_logins_refused_total"), 2);
}

TEST_F(CallbackLoginTest, RequestIsTheOneOfTheEarlierServer) {
    useBackend();
    ASSERT_TRUE(start());
    EXPECT_EQ(login("alice", "a b<&"), SARA_OK);
    const auto request = backend().requests().at(0);
    EXPECT_THAT(request.head, HasSubstr("POST /request/ HTTP/1.1\r\n"));
    EXPECT_EQ(request.header("content-type"), "application/x-www-form-urlencoded");
    EXPECT_EQ(request.header("cookie"), "name=body");
    EXPECT_EQ(request.header("expect"), "");
    EXPECT_EQ(request.header("x-sara-signature"), "");
    EXPECT_EQ(request.json,
              R"({"sn":")" + request.sn +
                  R"(","service":"emsg_auth","method":"auth","params":{"domain":"t.com",)"
                  R"("jid":"alice@t.com","token":"a b\u003c\u0026","uid":"alice"}})");
    EXPECT_THAT(request.form, HasSubstr("a+b%5Cu003c%5Cu0026"));
}

TEST_F(CallbackLoginTest, ConnectionsAreKept) {
    useBackend();
    ASSERT_TRUE(start());
    for (int i = 0; i < 20; ++i) EXPECT_EQ(login(), SARA_OK);
    EXPECT_EQ(backend().connections(), 1u);
}

TEST_F(CallbackLoginTest, ConnectionsThatARestartedBackendClosedAreNotUsedAgain) {
    useBackend();
    ASSERT_TRUE(start(R"(,"auth_retries":0)"));
    const uint16_t port = backend().port();
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(login(), SARA_OK) << i;
        backend_.reset();
        backend_ =
            std::make_unique<wire::Backend>(BackendMode::kGood, wire::Backend::Identity{}, port);
    }
}

TEST_F(CallbackLoginTest, QueueThatIsTooLongDoesNotHandOutCallsWithoutTime) {
    // Calls that were begun just before their deadline could not succeed, and each of them cost a
    // connection.
    useBackend(BackendMode::kBlackHole);
    ASSERT_TRUE(start(R"(,"connections_max":2,"auth_retries":0)"));
    std::vector<std::optional<sara_status>*> answers;
    for (int i = 0; i < 200; ++i) answers.push_back(ask("u", ""));
    ASSERT_TRUE(host().runUntil([&] {
        return std::all_of(answers.begin(), answers.end(), [](auto* a) { return a->has_value(); });
    }));
    for (auto* answer : answers) EXPECT_EQ(**answer, SARA_E_TIMEOUT);
    EXPECT_EQ(backend().connections(), 2u);
}

TEST_F(CallbackLoginTest, ManyAtATimeUseAsManyConnectionsAsAllowed) {
    useBackend();
    ASSERT_TRUE(start(R"(,"connections_max":4,"timeout_ms":10000)", 2));
    std::vector<std::optional<sara_status>*> answers;
    for (uint32_t i = 0; i < 200; ++i) answers.push_back(ask("u" + std::to_string(i), "", i % 2));
    ASSERT_TRUE(host().runUntil([&] {
        return std::all_of(answers.begin(), answers.end(), [](auto* a) { return a->has_value(); });
    }));
    for (auto* answer : answers) EXPECT_EQ(**answer, SARA_OK);
    EXPECT_LE(backend().connections(), 4u);
}

TEST_F(CallbackLoginTest, SignatureCoversTheRawBodyAndTheTime) {
    useBackend();
    ASSERT_TRUE(start(R"(,"signing_secret":"s3cret")"));
    EXPECT_EQ(login(), SARA_OK);
    const auto request = backend().requests().at(0);
    const std::string time = request.header("x-sara-timestamp");
    EXPECT_EQ(request.header("x-sara-signature"),
              "sha256=" + signatureOf("s3cret", std::stoull(time), request.form));
}

TEST_F(CallbackLoginTest, WithoutAUrlNobodyIsAskedAndNobodyGetsIn) {
    ASSERT_TRUE(start(R"(,"enable_auth":true)"));
    EXPECT_EQ(login(), SARA_E_UNSUPPORTED);
    EXPECT_TRUE(host().logged("nobody can log in"));
    EXPECT_EQ(members("g1").status, SARA_E_NOTFOUND);
    notice("bob@t.com", "{}");
}

TEST_F(CallbackLoginTest, UrlThatCannotBeCalledIsRefusedAtTheStart) {
    for (const char* url :
         {"ftp://host/", "http://", "nonsense", "http://a b/", "http://host:99999/"}) {
        url_ = url;
        EXPECT_FALSE(start()) << url;
        EXPECT_THAT(host().error(), HasSubstr("callback")) << url;
    }
    useBackend();
    EXPECT_FALSE(start(R"(,"ca_file":"/no/such/file")"));
    EXPECT_THAT(host().error(), HasSubstr("ca_file /no/such/file"));
}

TEST_F(CallbackLoginTest, EachModeOfABadBackendRefusesInTimeAndCloses) {
    // F18: the fourteen modes of the reliability plan, and two of our own. What is no yes is a no.
    const std::pair<BackendMode, sara_status> modes[] = {
        {BackendMode::kRefuse, SARA_E_IO},
        {BackendMode::kBlackHole, SARA_E_TIMEOUT},
        {BackendMode::kResetAfterHeaders, SARA_E_IO},
        {BackendMode::kSlow, SARA_E_TIMEOUT},
        {BackendMode::kByteByByte, SARA_E_TIMEOUT},
        {BackendMode::kEndlessBody, SARA_E_FULL},
        {BackendMode::kHugeLength, SARA_E_FULL},
        {BackendMode::kNegativeLength, SARA_E_IO},
        {BackendMode::kManyHeaders, SARA_E_FULL},
        {BackendMode::kRedirectLoop, SARA_E_DENIED},
        {BackendMode::kHtml, SARA_E_DENIED},
        {BackendMode::kTextTrue, SARA_OK},
        {BackendMode::kErrorThenGood, SARA_OK},
        {BackendMode::kError, SARA_E_IO},
        {BackendMode::kCutHeaders, SARA_E_IO},
    };
    for (const auto& [mode, expected] : modes) {
        useBackend(mode);
        ASSERT_TRUE(start(R"(,"answer_bytes_max":65536)"));
        const auto begin = wire::Clock::now();
        EXPECT_EQ(login(), expected) << static_cast<int>(mode);
        // timeout_ms is 400; the rest is a slow machine.
        EXPECT_LT(wire::Clock::now() - begin, wire::Millis(3000)) << static_cast<int>(mode);
        EXPECT_FALSE(host().logged("tok")) << static_cast<int>(mode);
    }
}

TEST_F(CallbackLoginTest, FailOpenLetsInWhenThereIsNoAnswerButNeverAgainstANo) {
    for (const BackendMode mode : {BackendMode::kRefuse, BackendMode::kBlackHole,
                                   BackendMode::kError, BackendMode::kManyHeaders}) {
        useBackend(mode);
        ASSERT_TRUE(start(R"(,"auth_fail_open":true)"));
        EXPECT_EQ(login(), SARA_OK) << static_cast<int>(mode);
        EXPECT_EQ(host().metric("callback_logins_failed_open_total"), 1);
    }
    for (const BackendMode mode : {BackendMode::kHtml, BackendMode::kRedirectLoop}) {
        useBackend(mode);
        ASSERT_TRUE(start(R"(,"auth_fail_open":true)"));
        EXPECT_EQ(login(), SARA_E_DENIED) << static_cast<int>(mode);
    }
}

TEST_F(CallbackLoginTest, CertificateAndHostNameAreChecked) {
    const wire::Backend::Identity tls{folder_.file("cert.pem"), folder_.file("key.pem")};
    wire::writeTlsIdentity(tls.cert_path, tls.key_path);
    backend_ = std::make_unique<wire::Backend>(BackendMode::kGood, tls);
    url_ = backend().url("localhost");
    ASSERT_TRUE(start(R"(,"timeout_ms":5000)"));
    EXPECT_EQ(login(), SARA_E_IO) << "nobody vouches for this certificate";
    const std::string trusted = R"(,"timeout_ms":5000,"ca_file":")" + tls.cert_path + R"(")";
    ASSERT_TRUE(start(trusted));
    EXPECT_EQ(login(), SARA_OK);
    url_ = backend().url("127.0.0.1");
    ASSERT_TRUE(start(trusted));
    EXPECT_EQ(login(), SARA_E_IO) << "the certificate is for localhost";
    EXPECT_EQ(backend().requests().size(), 1u);
}

TEST_F(CallbackLoginTest, BreakerRefusesAtOnceAndLetsTheBackendComeBack) {
    useBackend(BackendMode::kBlackHole);
    ASSERT_TRUE(start(R"(,"breaker_failures":3,"breaker_open_ms":200,"timeout_ms":100)"));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(login(), SARA_E_TIMEOUT);
    EXPECT_EQ(host().metric("callback_breaker_open"), 1);
    EXPECT_EQ(host().check("callback").second, "breaker_open");
    const auto begin = wire::Clock::now();
    for (int i = 0; i < 50 && wire::Clock::now() - begin < wire::Millis(100); ++i) {
        EXPECT_EQ(login(), SARA_E_AGAIN);
    }
    EXPECT_EQ(backend().requests().size(), 3u);
    backend().mode(BackendMode::kGood);
    EXPECT_TRUE(wire::waitUntil([&] { return login() == SARA_OK; }));
    EXPECT_EQ(host().metric("callback_breaker_open"), 0);
    EXPECT_EQ(host().check("callback").first, SARA_OK);
    EXPECT_EQ(host().metric("callback_breaker_opened_total"), 1);
    EXPECT_TRUE(host().logged("answers again"));
}

TEST_F(CallbackLoginTest, FullQueueIsAnAnswerAtOnce) {
    useBackend(BackendMode::kBlackHole);
    ASSERT_TRUE(start(R"(,"connections_max":1,"queue_calls_max":4)"));
    std::vector<std::optional<sara_status>*> answers;
    for (int i = 0; i < 50; ++i) answers.push_back(ask("u", ""));
    ASSERT_TRUE(host().runUntil([&] {
        return std::all_of(answers.begin(), answers.end(), [](auto* a) { return a->has_value(); });
    }));
    size_t busy = 0;
    for (auto* answer : answers) busy += **answer == SARA_E_AGAIN ? 1 : 0;
    EXPECT_GE(busy, 40u);
    EXPECT_EQ(host().metric("callback_queue_full_total"), static_cast<int64_t>(busy));
}

TEST_F(CallbackLoginTest, EverybodyIsAnsweredAtTheEnd) {
    useBackend(BackendMode::kBlackHole);
    ASSERT_TRUE(start(R"(,"timeout_ms":60000)", 2));
    std::vector<std::optional<sara_status>*> answers;
    for (uint32_t i = 0; i < 100; ++i) answers.push_back(ask("u", "", i % 2));
    ASSERT_TRUE(backend().waitRequests(10));
    const auto begin = wire::Clock::now();
    plugin_->stop();
    EXPECT_LT(wire::Clock::now() - begin, wire::Millis(5000));
    for (auto* answer : answers) EXPECT_EQ(answer->value_or(999), SARA_E_CLOSED);
}

TEST_F(CallbackLoginTest, FullMailboxDelaysTheAnswerAndLosesNone) {
    useBackend();
    ASSERT_TRUE(start());
    host().loop().refusePosts(SARA_E_AGAIN);
    auto* answer = ask("alice", "tok");
    ASSERT_TRUE(backend().waitRequests(1));
    host().settle();
    EXPECT_FALSE(answer->has_value());
    host().loop().refusePosts(SARA_OK);
    EXPECT_TRUE(host().runUntil([&] { return answer->has_value(); }));
}

}  // namespace
}  // namespace sara::auth_callback
