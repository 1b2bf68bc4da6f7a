#include "client_frames.h"
#include "recorded_reader.h"
#include "rfc_cases.h"

namespace sara::ws {
namespace {

struct Sample {
    const char* name;
    std::string text;
};

const Sample kGood[] = {
    {"Ascii", "Hello, world, in plain ASCII that is longer than one word"},
    {"TwoByteFirst", "\xc2\x80"},
    {"TwoByteLast", "\xdf\xbf"},
    {"ThreeByteFirst", "\xe0\xa0\x80"},
    {"BeforeSurrogates", "\xed\x9f\xbf"},
    {"BehindSurrogates", "\xee\x80\x80"},
    {"ReplacementCharacter", "\xef\xbf\xbd"},
    {"NoncharacterFffe", "\xef\xbf\xbe"},
    {"ThreeByteLast", "\xef\xbf\xbf"},
    {"FourByteFirst", "\xf0\x90\x80\x80"},
    {"NoncharacterOfPlane1", "\xf0\x9f\xbf\xbe"},
    {"LastCodePoint", "\xf4\x8f\xbf\xbf"},
    {"Greek", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"},
    {"Chinese", "\xe4\xbd\xa0\xe5\xa5\xbd\xef\xbc\x8c\xe4\xb8\x96\xe7\x95\x8c"},
    {"Emoji", "\xf0\x9f\x98\x80 \xf0\x9f\x91\x8d"},
    {"MixedLengths", "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z"},
    {"AsciiThenOneCharacter", std::string(63, 'x') + "\xe2\x82\xac" + std::string(63, 'y')},
    {"ControlCharacters", std::string("\x01\x02\x1f\x7f\0x", 6)},
};

const Sample kBad[] = {
    {"ContinuationAlone", "\x80"},
    {"LastContinuationAlone", "\xbf"},
    {"ContinuationsAlone", "\x80\xbf\x80"},
    {"AsciiThenContinuation", "abcdefghijklmnop\x80"},
    {"LeadC0", "\xc0\x80"},
    {"LeadC1", "\xc1\xbf"},
    {"LeadF5", "\xf5\x80\x80\x80"},
    {"LeadF8", "\xf8\x88\x80\x80\x80"},
    {"LeadFc", "\xfc\x84\x80\x80\x80\x80"},
    {"ByteFe", "\xfe"},
    {"ByteFf", "\xff"},
    {"OverlongSlashInTwo", "\xc0\xaf"},
    {"OverlongSlashInThree", "\xe0\x80\xaf"},
    {"OverlongSlashInFour", "\xf0\x80\x80\xaf"},
    {"OverlongLastOfTwo", "\xc1\xbf"},
    {"OverlongLastOfThree", "\xe0\x9f\xbf"},
    {"OverlongLastOfFour", "\xf0\x8f\xbf\xbf"},
    {"FirstHighSurrogate", "\xed\xa0\x80"},
    {"LastHighSurrogate", "\xed\xaf\xbf"},
    {"FirstLowSurrogate", "\xed\xb0\x80"},
    {"LastLowSurrogate", "\xed\xbf\xbf"},
    {"SurrogatePair", "\xed\xa0\x80\xed\xb0\x80"},
    {"BehindTheLastCodePoint", "\xf4\x90\x80\x80"},
    {"TwoByteCutShort", "a\xc2"},
    {"ThreeByteCutAfterOne", "a\xe2"},
    {"ThreeByteCutAfterTwo", "a\xe2\x82"},
    {"FourByteCutAfterOne", "a\xf0"},
    {"FourByteCutAfterTwo", "a\xf0\x9f"},
    {"FourByteCutAfterThree", "a\xf0\x9f\x98"},
    {"TwoByteThenAscii", "\xc2x"},
    {"ThreeByteThenAscii", "\xe2\x82x"},
    {"FourByteThenAscii", "\xf0\x9f\x98x"},
    {"LeadThenLead", "\xe2\xe2\x82\xac"},
    {"BadBehindGood", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80 edited"},
    {"BadInTheMiddleOfAscii", std::string(40, 'x') + "\xff" + std::string(40, 'y')},
};

std::string frame(int opcode, bool fin, const std::string& payload) {
    return bytesOf({.fin = fin, .opcode = opcode, .payload = payload});
}

std::string inFrames(const std::string& text, size_t step) {
    std::string out;
    for (size_t at = 0; at < text.size(); at += step) {
        out += frame(at == 0 ? 1 : 0, at + step >= text.size(), text.substr(at, step));
    }
    return out;
}

}  // namespace

std::vector<RfcCase> utf8Cases() {
    std::vector<RfcCase> cases;
    const std::string failed = errorEvent(WsError::kNotUtf8);
    for (const Sample& s : kGood) {
        const std::vector<std::string> events{"message " + s.text};
        const std::string name = std::string("Utf8") + s.name;
        cases.push_back({name + "IsText", textFrame(s.text), events});
        cases.push_back({name + "InFramesOfOneByteIsText", inFrames(s.text, 1), events});
        cases.push_back({name + "InFramesOfThreeBytesIsText", inFrames(s.text, 3), events});
    }
    for (const Sample& s : kBad) {
        const std::string name = s.name;
        cases.push_back({name + "IsNoText", textFrame(s.text), {failed}});
        cases.push_back({name + "InFramesOfOneByteIsNoText", inFrames(s.text, 1), {failed}});
        cases.push_back(
            {name + "InBinaryIsNotLookedAt", frame(2, true, s.text), {"message " + s.text}});
    }
    cases.push_back({"CharacterCutByAPingIsText",
                     frame(1, false, "\xe2\x82") + frame(9, true, "\xff") + frame(0, true, "\xac"),
                     {"ping \xff", "message \xe2\x82\xac"}});
    cases.push_back({"BadByteFailsBeforeTheMessageEnds",
                     frame(1, false, "ok") + frame(0, false, "\xff") + frame(0, true, "ok"),
                     {failed}});
    cases.push_back({"AsciiBehindAnUnfinishedCharacterFailsBeforeTheMessageEnds",
                     frame(1, false, "\xe2\x82") + frame(0, false, "x"),
                     {failed}});
    cases.push_back({"UnfinishedCharacterAtTheEndFails",
                     frame(1, false, "ok") + frame(0, false, "\xe2\x82") + frame(0, true, ""),
                     {failed}});
    cases.push_back({"NextMessageBeginsItsOwnCharacters",
                     frame(2, false, "\xe2") + frame(0, true, "\x82") + textFrame("\xc3\xa4"),
                     {"message \xe2\x82", "message \xc3\xa4"}});
    return cases;
}

}  // namespace sara::ws
