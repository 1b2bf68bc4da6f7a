#include "boot/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sara::boot {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string manifestWith(const std::string& more) {
    return R"({"id": "org.acme.quota", "version": "1.0.0", "abi": "1.0")" + more + "}";
}

std::string wrong(const std::string& text) {
    Problems problems;
    return Manifest::parse(text, &problems) ? "" : problems.front();
}

TEST(Manifest, ReadsWhatAPluginSays) {
    Problems problems;
    const auto m = Manifest::parse(
        manifestWith(
            R"(, "provides": ["acme.quota/1"], "requires": [{"service": "sara.store/1", "hard": false}, "sara.log/1"],
            "after": ["org.sara.metrics"], "hooks": [{"name": "packet.in", "suspend": true}, "packet.ack"],
            "config": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]},
            "legacy": {"dbpool": "n"}, "some-later-member": 1)") +
            std::string(1, '\0'),
        &problems);
    ASSERT_TRUE(m) << problems.front();
    EXPECT_EQ(m->name, "quota");
    EXPECT_EQ(m->abi_major, 1);
    EXPECT_EQ(m->abi_minor, 0);
    EXPECT_THAT(m->provides, ElementsAre("acme.quota/1"));
    ASSERT_EQ(m->requires_.size(), 2u);
    EXPECT_FALSE(m->requires_[0].hard);
    EXPECT_TRUE(m->requires_[1].hard);
    EXPECT_THAT(m->hooks, ElementsAre("packet.in", "packet.ack"));
    EXPECT_TRUE(m->config.keys().front().required);
    EXPECT_EQ(m->legacy.at("dbpool"), "n");
}

struct Wrong {
    const char* more;
    const char* sentence;
};

TEST(Manifest, SaysWhatIsWrongWithIt) {
    const Wrong kWrong[] = {
        {R"(, "name": "a b")", "has the name \"a b\" (text)"},
        {R"(, "provides": "x")", "has \"x\" (text) as \"provides\", expected an array"},
        {R"(, "provides": [1])", "has 1 under \"provides\", expected a name"},
        {R"(, "provides": [{"service": "a b"}])", "has \"a b\" (text) under \"provides\""},
        {R"(, "provides": [null])", "has null under \"provides\""},
        {R"(, "requires": [{"hard": true}])", "has null under \"requires\", expected {\"service\""},
        {R"(, "requires": {})", "has an object as \"requires\", expected an array"},
        {R"(, "hooks": [[]])", "has an array under \"hooks\""},
        {R"(, "config": [])", "has an array as \"config\", expected an object"},
        {R"(, "config": {"a": 1})", "config key \"a\" is 1, expected a schema object"},
        {R"(, "config": {"a": {}})", "config key \"a\" has the type null, expected integer"},
        {R"(, "config": {"a": {"type": "int"}})", "has the type \"int\" (text), expected integer"},
        {R"(, "config": {"a": {"type": "integer", "default": "x"}})",
         "has the default \"x\" (text), expected an integer"},
        {R"(, "config": {"a": {"type": "integer", "default": 9, "maximum": 5}})",
         "has the default 9, expected an integer of at most 5"},
        {R"(, "config": {"enabled": {"type": "boolean"}})",
         "config key \"enabled\" is a word of the server; rename it"},
        {R"(, "config": {"a": {"type": "string", "enum": []}})",
         "has an enum that is not a list of texts"},
        {R"(, "legacy": {"dbaddr": "addr"})",
         "maps the flat key \"dbaddr\" to \"addr\" (text), which is not under \"config\""},
        {R"(, "id": "org.acme.other")", "found the key \"id\" twice"},
    };
    for (const Wrong& w : kWrong)
        EXPECT_THAT(wrong(manifestWith(w.more)), HasSubstr(w.sentence)) << w.more;
    EXPECT_THAT(wrong(R"({"version": "1", "abi": "1.0"})"), HasSubstr("has the id null"));
    EXPECT_THAT(wrong(R"({"id": "a.b", "version": "1", "abi": "1"})"),
                HasSubstr("has the abi \"1\" (text), expected \"MAJOR.MINOR\""));
    EXPECT_THAT(wrong(R"({"id": "a.b", "version": "1", "abi": 1.0})"),
                HasSubstr("has the abi 1, expected"));
    EXPECT_THAT(wrong(R"({"id": "a.b", "version": "1", "abi": "1.0x"})"), HasSubstr("has the abi"));
    EXPECT_THAT(wrong(std::string(300 << 10, ' ')), HasSubstr("expected at most 262144"));
}

}  // namespace
}  // namespace sara::boot
