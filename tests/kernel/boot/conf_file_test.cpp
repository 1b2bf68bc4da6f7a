#include <sys/stat.h>

#include "boot/conf_settings.h"
#include "boot/conf_template.h"
#include "boot_fixture.h"

namespace sara::boot {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Problems problemsOf(const std::string& text) {
    Problems problems;
    const auto conf = Conf::parse(text, "conf.json", &problems);
    EXPECT_EQ(conf.has_value(), problems.empty());
    return problems;
}

Conf good(const std::string& text) {
    Problems problems;
    auto conf = Conf::parse(text, "conf.json", &problems);
    EXPECT_THAT(problems, IsEmpty());
    return conf ? *conf : *Conf::parse("{}", "conf.json", &problems);
}

struct Wrong {
    const char* text;
    const char* sentence;
};

// Each says the file, the key, what was found and what was expected.
const Wrong kWrong[] = {
    {"", "conf.json: line 1, column 1: found the end of the file, expected '{'"},
    {"\n\n", "conf.json: line 3, column 1: found the end of the file, expected '{'"},
    {"null", "line 1, column 1: found 'n', expected '{'"},
    {"[]", "line 1, column 1: found '[', expected '{'"},
    {"\xef\xbb\xbf{}", "found a byte order mark"},
    {"{\"port\": 4222", "line 1, column 14: found the end of the file, expected ',' or '}'"},
    {"{\"port\": 4222,}", "line 1, column 15: found '}', expected a key in double quotes"},
    {"{'port': 4222}", "line 1, column 2: found ''', expected a key in double quotes or '}'"},
    {"{port: 4222}", "line 1, column 2: found 'p', expected a key in double quotes or '}'"},
    {"{\"port\": 4222 \"bind\": \"\"}", "line 1, column 15: found '\"', expected ',' or '}'"},
    {"{// no\n\"port\": 1}", "line 1, column 2: found '/'"},
    {"{\"port\": 1, \"port\": 2}", "found the key \"port\" twice"},
    {"{\"nodeid\": \"\xff\"}", "found a byte that is not UTF-8"},
    {"{\"nodeid\": \"a\tb\"}", "found a control character in a string"},
    {"{\"port\": 04222}", "found a number with a leading zero"},
    {"{\"port\": \"abc\"}",
     "key \"port\": found \"abc\" (text), expected an integer from 0 to 65535"},
    {"{\"port\": \"\"}", "key \"port\": found \"\" (text), expected an integer"},
    {"{\"port\": \"42 \"}", "key \"port\": found \"42 \" (text), expected an integer"},
    {"{\"port\": 65536}", "key \"port\": found 65536, expected an integer from 0 to 65535"},
    {"{\"port\": -1}", "key \"port\": found -1, expected an integer from 0 to 65535"},
    {"{\"port\": 42.5}", "key \"port\": found 42.5, expected an integer"},
    {"{\"port\": 1e300}", "key \"port\": found 1"},
    {"{\"port\": 18446744073709551615}",
     "key \"port\": found 18446744073709551615, expected an integer"},
    {"{\"port\": true}", "key \"port\": found true, expected an integer"},
    {"{\"port\": {}}", "key \"port\": found an object, expected an integer"},
    {"{\"port\": []}", "key \"port\": found an array, expected an integer"},
    {"{\"enable_tls\": \"maybe\"}",
     "key \"enable_tls\": found \"maybe\" (text), expected true or false"},
    {"{\"enable_tls\": 2}", "key \"enable_tls\": found 2, expected true or false"},
    {"{\"enable_auth\": []}", "key \"enable_auth\": found an array, expected true or false"},
    {"{\"nodeid\": \"\"}", "key \"nodeid\": found \"\" (text), expected a name for this node"},
    {"{\"nodeid\": true}", "key \"nodeid\": found true, expected text"},
    {"{\"loglevel\": 4}", "key \"loglevel\": found 4, expected an integer from 0 to 3"},
    {"{\"ack\": \"maybe\"}", "key \"ack\": found \"maybe\" (text), expected \"safe\" or \"fast\""},
    {"{\"ack\": \"safe|fast\"}",
     "key \"ack\": found \"safe|fast\" (text), expected \"safe\" or \"fast\""},
    {"{\"store\": \"mysql\"}",
     "key \"store\": found \"mysql\" (text), expected \"\", \"embedded\" or \"redis\""},
    {"{\"loops\": 1000}", "key \"loops\": found 1000, expected an integer from 0 to 256"},
    {"{\"idle_timeout_ms\": 1}",
     "key \"idle_timeout_ms\": found 1, expected an integer from 1000 to"},
    {"{\"prot\": 1}",
     "key \"prot\": found an unknown key, expected one of the known keys (did you mean \"port\"?)"},
    {"{\"enable_ssl\": 1}", "(did you mean \"enable_tls\"?)"},
    {"{\"Port\": 1}", "(did you mean \"port\"?)"},
    {"{\"xyzzyplugh\": 1}",
     "key \"xyzzyplugh\": found an unknown key, expected one of the known keys"},
    {"{\"limits\": []}", "key \"limits\": found an array, expected an object"},
    {"{\"limits\": {\"frame_byte_max\": 1}}",
     "key \"limits.frame_byte_max\": found an unknown key, expected one of the known keys (did you "
     "mean \"frame_bytes_max\"?)"},
    {"{\"limits\": {\"frame_bytes_max\": 0}}",
     "key \"limits.frame_bytes_max\": found 0, expected an integer from 1024"},
    {"{\"limits\": {\"workers\": \"many\"}}",
     "key \"limits.workers\": found \"many\" (text), expected an integer"},
    {"{\"plugins\": []}", "key \"plugins\": found an array, expected an object"},
    {"{\"plugins\": {\"quota\": 7}}",
     "key \"plugins.quota\": found 7, expected an object with the plugin's keys"},
    {"{\"plugins\": {\"quota\": \"x\"}}",
     "key \"plugins.quota\": found \"x\" (text), expected an object"},
    {"{\"plugin_dir\": [1, {}]}",
     "key \"plugin_dir\": found an array, expected text or an array of texts"},
    {"{\"accesstoken\": true}",
     "key \"accesstoken\": found a value that is not shown, expected text"},
    {"{\"drain_timeout_ms\": -5}",
     "key \"drain_timeout_ms\": found -5, expected an integer from 0"},
    {"{\"logfile_bytes_max\": 1}",
     "key \"logfile_bytes_max\": found 1, expected an integer of at least 4096"},
};

TEST(ConfFile, SaysOfEachOfFiftyMistakesWhatWasFoundAndWhatWasExpected) {
    EXPECT_GE(std::size(kWrong), 50u);
    for (const Wrong& wrong : kWrong) {
        const Problems problems = problemsOf(wrong.text);
        ASSERT_EQ(problems.size(), 1u) << wrong.text << testing::PrintToString(problems);
        EXPECT_THAT(problems.front(), HasSubstr(wrong.sentence)) << wrong.text;
        EXPECT_THAT(problems.front(), testing::StartsWith("conf.json: ")) << wrong.text;
    }
}

TEST(ConfFile, ListsEveryMistakeAtOnce) {
    EXPECT_EQ(
        problemsOf(R"({"port": -1, "tlsport": -1, "prot": 1, "limits": {"workers": 0}})").size(),
        4u);
}

TEST(ConfFile, NestingThatNeverEndsIsRefused) {
    std::string text = "{\"plugins\": ";
    for (int i = 0; i < 100000; ++i) text += "{\"a\":";
    EXPECT_THAT(problemsOf(text).front(), HasSubstr("found nesting deeper than 16"));
}

TEST(ConfFile, LongerThanItsLimitIsRefused) {
    TempFolder folder;
    Problems problems;
    EXPECT_FALSE(Conf::load(folder.write("c", "{}" + std::string(2 << 20, ' ')), &problems));
    EXPECT_THAT(problems.front(), HasSubstr("is longer than 1048576 bytes"));
}

TEST(ConfFile, ThatIsAFolderOrAFifoIsRefusedAtOnce) {
    TempFolder folder;
    ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
    for (const std::string& file : {folder.text(), folder / "fifo"}) {
        Problems problems;
        EXPECT_FALSE(Conf::load(file, &problems));
        EXPECT_THAT(problems.front(), HasSubstr("is not a regular file")) << file;
    }
}

// G10: a file that omits keys, like the five-key cluster sample of the earlier server's README,
// panicked.
TEST(ConfFile, G10FiveKeyClusterSampleAndAnySubsetOfItHasEveryDefault) {
    const std::vector<std::string> keys = {R"("nodeid": "n02")", R"("dbaddr": "10.0.0.1:6379")",
                                           R"("nodeaddr": "10.0.0.2:4281")", R"("port": 4222)",
                                           R"("dbpool": 100)"};
    for (unsigned subset = 0; subset < 32; ++subset) {
        std::string text;
        for (unsigned i = 0; i < keys.size(); ++i) {
            if (subset & (1u << i)) text += (text.empty() ? "" : ", ") + keys[i];
        }
        const Conf conf = good("\n{" + text + "}");
        EXPECT_EQ(conf.integer("port"), 4222);
        EXPECT_EQ(conf.text("logfile"), "/tmp/sara.log");
        EXPECT_EQ(conf.text("nodeid"), subset & 1 ? "n02" : "n01");
        EXPECT_EQ(conf.store(), subset & 2 ? "redis" : "embedded");
        EXPECT_FALSE(conf.flag("enable_tls"));
        EXPECT_FALSE(conf.flag("enable_auth"));
    }
}

// G10, second half: unknown keys were ignored without a word.
TEST(ConfFile, G10UnknownKeyIsAnErrorWithTheNearestValidKey) {
    EXPECT_THAT(problemsOf(R"({"nodeId": "n02"})").front(),
                HasSubstr("(did you mean \"nodeid\"?)"));
}

TEST(ConfFile, TemplateOfTheEarlierServerIsGoodUnchanged) {
    const Conf conf = good(R"(
{
  "port":4222, "wsport":4224, "tlsport":4333, "wssport":4334, "rpcport":4280,
  "accesstoken":"http-rpc access token", "nodeid":"n01", "dbaddr":"localhost:6379", "dbpool":100,
  "callback":"", "nodeaddr":"localhost:4281", "logfile":"/tmp/sara.log", "loglevel":3, "dc":"dc01",
  "certfile":"/etc/sara/server.pem", "keyfile":"/etc/sara/server.key",
  "enable_tcp":true, "enable_ws":true, "enable_tls":false, "enable_wss":false,
  "enable_auth":false, "enable_offline_callback":false
})");
    EXPECT_EQ(conf.store(), "redis");
    EXPECT_TRUE(conf.storeIsImplied());
    EXPECT_EQ(conf.integer("loglevel"), 3);
}

TEST(ConfFile, ReadsNumbersAsTextAndZeroOrNothingAsFalse) {
    const Conf conf = good(
        R"({"port": "4223", "loglevel": "1", "enable_tcp": "0", "enable_ws": "", "enable_tls": "1", "nodeid": 7,
            "dbpool": 50.0, "enable_auth": 1, "wsport": null})");
    EXPECT_EQ(conf.integer("port"), 4223);
    EXPECT_EQ(conf.integer("loglevel"), 1);
    EXPECT_FALSE(conf.flag("enable_tcp"));
    EXPECT_FALSE(conf.flag("enable_ws"));
    EXPECT_TRUE(conf.flag("enable_tls"));
    EXPECT_TRUE(conf.flag("enable_auth"));
    EXPECT_EQ(conf.text("nodeid"), "7");
    EXPECT_EQ(conf.integer("dbpool"), 50);
    EXPECT_EQ(conf.integer("wsport"), 4224);
    EXPECT_FALSE(conf.given("wsport"));
}

TEST(ConfFile, StoreFollowsDbaddrOnlyWhenNobodySaysWhich) {
    EXPECT_EQ(good("{}").store(), "embedded");
    EXPECT_EQ(good(R"({"dbaddr": "h:1"})").store(), "redis");
    EXPECT_EQ(good(R"({"dbaddr": ""})").store(), "embedded");
    EXPECT_EQ(good(R"({"dbaddr": "h:1", "store": "embedded"})").store(), "embedded");
    EXPECT_EQ(good(R"({"store": "redis"})").store(), "redis");
}

TEST(ConfFile, ShortFormSwitchesAPluginOnOrOff) {
    const Conf conf = good(R"({"plugins": {"a": true, "b": false, "c": {"x": 1}}})");
    EXPECT_TRUE(conf.plugins().at("a")->getValue<bool>("enabled"));
    EXPECT_FALSE(conf.plugins().at("b")->getValue<bool>("enabled"));
    EXPECT_EQ(conf.plugins().size(), 3u);
}

TEST(ConfFile, OldFileWithRedisStartsOnTheEmbeddedStoreWithAWarningWhileThereIsNoRedisPlugin) {
    const Conf conf = good(
        R"({"dbaddr": "localhost:6379", "enable_ws": false, "plugins": {"transport-tcp": false}})");
    PluginFile embedded;
    embedded.name = "store-embedded";
    embedded.manifest.id = "org.sara.store-embedded";
    embedded.manifest.provides = {"sara.store/1"};
    const PluginPlan plan = planPlugins(conf, {embedded}, {"/x"});
    EXPECT_THAT(plan.errors, IsEmpty());
    ASSERT_EQ(plan.warnings.size(), 1u);
    EXPECT_THAT(plan.warnings.front(),
                HasSubstr("asks for Redis, but plugin store-redis is not installed"));
    ASSERT_EQ(plan.order.size(), 1u);

    const Conf asked =
        good(R"({"store": "redis", "enable_ws": false, "plugins": {"transport-tcp": false}})");
    EXPECT_THAT(planPlugins(asked, {embedded}, {"/x"}).errors.front(),
                HasSubstr("plugin 'store-redis': not found in /x (key \"store\" is \"redis\")"));
}

TEST(ConfFile, AsksForTheWebSocketPluginAsLongAsOneOfItsPortsIsOpen) {
    PluginFile ws;
    ws.name = "transport-ws";
    ws.manifest.id = "org.sara.transport-ws";
    ws.manifest.provides = {"sara.transport/1"};
    const auto planned = [&](const std::string& flags, std::vector<PluginFile> files) {
        const Conf conf =
            good("{" + flags + R"("plugins": {"transport-tcp": false, "store-embedded": false}})");
        return planPlugins(conf, files, {"/x"});
    };
    EXPECT_EQ(planned("", {ws}).order.size(), 1u);
    EXPECT_THAT(planned(R"("enable_ws": false, )", {ws}).order, IsEmpty());
    EXPECT_EQ(planned(R"("enable_ws": false, "enable_wss": true, )", {ws}).order.size(), 1u);
    EXPECT_THAT(planned("", {}).errors,
                testing::ElementsAre(
                    HasSubstr("plugin 'transport-ws': not found in /x (key \"enable_ws\" is "
                              "true)")));
}

TEST(ConfSettings, AgreeWithTheDefaultsInTheHeadersOfTheRooms) {
    const Conf conf = good("{}");
    const chat::Settings made = chatSettings(conf), wanted;
    EXPECT_EQ(made.node_id, wanted.node_id);
    EXPECT_EQ(made.ack, wanted.ack);
    EXPECT_EQ(made.stamp_ct, wanted.stamp_ct);
    EXPECT_EQ(made.enable_auth, wanted.enable_auth);
    EXPECT_EQ(made.enable_offline_callback, wanted.enable_offline_callback);
    EXPECT_EQ(made.group_timeout_ms, wanted.group_timeout_ms);
    EXPECT_EQ(made.group_members_max, wanted.group_members_max);
    EXPECT_EQ(made.group_fanouts_max, wanted.group_fanouts_max);
    EXPECT_EQ(made.ack_hold_ms, wanted.ack_hold_ms);
    EXPECT_EQ(made.login_timeout_ms, wanted.login_timeout_ms);
    EXPECT_EQ(made.auth_timeout_ms, wanted.auth_timeout_ms);
    EXPECT_EQ(made.idle_timeout_ms, wanted.idle_timeout_ms);
    EXPECT_EQ(made.close_flush_ms, wanted.close_flush_ms);
    EXPECT_EQ(made.login_failure_delay_ms, wanted.login_failure_delay_ms);
    EXPECT_EQ(made.backlog_age_ms, wanted.backlog_age_ms);
    EXPECT_EQ(made.frame_bytes_max, wanted.frame_bytes_max);
    EXPECT_EQ(made.login_frame_bytes_max, wanted.login_frame_bytes_max);
    EXPECT_EQ(made.json_depth_max, wanted.json_depth_max);
    EXPECT_EQ(made.connections_max, wanted.connections_max);
    EXPECT_EQ(made.connections_per_address_max, wanted.connections_per_address_max);
    EXPECT_EQ(made.unauthenticated_max, wanted.unauthenticated_max);
    EXPECT_EQ(made.queue_bytes_max, wanted.queue_bytes_max);
    EXPECT_EQ(made.messages_per_second_max, wanted.messages_per_second_max);
    EXPECT_EQ(made.bytes_per_second_max, wanted.bytes_per_second_max);
    EXPECT_EQ(made.unacked_max, wanted.unacked_max);
    EXPECT_EQ(made.store_inflight_max, wanted.store_inflight_max);
    EXPECT_EQ(made.delay_bytes_max, wanted.delay_bytes_max);
    EXPECT_EQ(made.delay_packets_max, wanted.delay_packets_max);
    EXPECT_EQ(loopLimits(conf).mailbox_max, loop::EventLoop::Limits{}.mailbox_max);
    EXPECT_EQ(loopLimits(conf).timers_max, loop::EventLoop::Limits{}.timers_max);
}

TEST(ConfSettings, EveryLimitReachesItsRoom) {
    std::string text;
    for (const KeyRow& row : limitKeys()) {
        text += (text.empty() ? "\"" : ", \"") + std::string(row.name) +
                "\": " + std::to_string(row.min + 1);
    }
    const Conf conf = good("{\"limits\": {" + text + "}}");
    const chat::Settings made = chatSettings(conf);
    EXPECT_EQ(made.frame_bytes_max, 1025u);
    EXPECT_EQ(made.login_frame_bytes_max, 257u);
    EXPECT_EQ(made.connections_max, 2u);
    EXPECT_EQ(made.unacked_max, 2u);
    EXPECT_EQ(made.delay_packets_max, 2u);
    EXPECT_EQ(loopLimits(conf).mailbox_max, 17u);
}

TEST(Setup, WritesAFileWithEveryKeyThatIsGood) {
    for (const char* store : {"embedded", "redis"}) {
        const std::string text = confTemplate(store);
        const Conf conf = good(text);
        EXPECT_EQ(conf.store(), store);
        EXPECT_FALSE(conf.storeIsImplied());
        for (const KeyRow& row : confKeys()) {
            EXPECT_THAT(text, HasSubstr("\"" + std::string(row.name) + "\": ")) << row.name;
        }
        for (const KeyRow& row : limitKeys()) {
            EXPECT_TRUE(conf.given("limits." + std::string(row.name))) << row.name;
        }
    }
}

// Defect 15: the template of the earlier server had the public secret "http-rpc access token".
TEST(Setup, WritesARandomAccessTokenThatIsDifferentEachTime) {
    const std::string one = good(confTemplate("embedded")).text("accesstoken");
    const std::string two = good(confTemplate("embedded")).text("accesstoken");
    EXPECT_EQ(one.size(), 64u);
    EXPECT_NE(one, two);
}

TEST(Setup, RefusesToOverwriteAndKeepsTheTokenFromOthers) {
    TempFolder folder;
    std::string error;
    const std::string file = folder / "new/conf.json";
    ASSERT_TRUE(writeConfFile(file, "{}", false, &error)) << error;
    EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(file).permissions()), 0640u);
    EXPECT_FALSE(writeConfFile(file, "{\"port\": 1}", false, &error));
    EXPECT_EQ(error, "exists already; --force overwrites it");
    EXPECT_EQ(readFile(file), "{}");
    ASSERT_TRUE(writeConfFile(file, "{\"port\": 1}", true, &error)) << error;
    EXPECT_EQ(readFile(file), "{\"port\": 1}");
}

TEST(ConfDoc, DocumentHasTheTablesThatTheProgramUses) {
    const std::string file = std::string(SARA_SOURCE_DIR) + "/docs/configuration.md";
    std::string text = readFile(file);
    const std::string begin = "<!-- keys: written by conf_test, SARA_WRITE_DOCS=1 -->\n";
    const std::string end = "<!-- end of keys -->";
    const size_t from = text.find(begin), to = text.find(end);
    ASSERT_NE(from, std::string::npos) << "docs/configuration.md lacks the marks of the tables";
    ASSERT_NE(to, std::string::npos);
    const std::string wanted = begin + "\n" + schemaMarkdown() + "\n";
    if (std::getenv("SARA_WRITE_DOCS") != nullptr) {
        text.replace(from, to - from, wanted);
        std::ofstream(file) << text;
    }
    EXPECT_EQ(text.substr(from, text.find(end) - from), wanted)
        << "run the test with SARA_WRITE_DOCS=1 to write the tables anew";
}

}  // namespace
}  // namespace sara::boot
