/* SPDX-License-Identifier: MPL-2.0 */
/* The scribe plugin with the host mock: documents that are refused, and what tests say of files of
 * the test's own. Real workers and packages are in scribe.sh. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include <mig/mock_host.h>

#include "tree.h"

static const struct mig_plugin *scribe;
static struct mig_mock *mock;
static const char *root;

/* A document with ' for ", and '@' for the tree. */
static void
refuses(const char *document, const char *message)
{
    char parameters[4096];

    snprintf(parameters, sizeof(parameters), "{'scribedoc':%s}", document);
    assert_true(mig_mock_validate(mock, scribe, tree_json(parameters)) < 0);
    assert_string_equal(mig_mock_refusal(mock), message);
}

#define RAW(id) "{'object':'" id "','raw':{'identifiers':[{'identifier':'i','value':'v'}]}}"
#define OBJECT(body) "{'objects':[{'object':'o'," body "}],'tests':[{'test':'t','object':'o'}]}"
#define TEST(body) "{'objects':[" RAW("o") "],'tests':[" body "]}"

static void
documents_are_refused(void **state)
{
    (void)state;
    refuses("1", "scribe needs the parameter 'scribedoc'");
    refuses("{}", "the document has no tests");
    refuses("{'Tests':[]}",
            "the document: unknown member 'Tests', expected variables, objects and tests");
    refuses("{'tests':{'a':'b'}}", "'tests' of the document must be an array");
    refuses("{'tests':['x']}", "a test must be an object");
    refuses("{'variables':[{'value':'x'}]}", "a variable needs the text 'key'");
    refuses("{'objects':[{'raw':{'identifiers':[]}}]}",
            "an object needs the text 'object', its id, of up to 512 bytes");
    refuses(OBJECT("'raw':{}"), "object 'o' needs exactly one of package, filecontent, filename, "
                                "hasline, raw and affected; it has 0");
    refuses(OBJECT("'package':{'name':'x'},'hasline':{'path':'/x'}"),
            "object 'o' needs exactly one of package, filecontent, filename, hasline, raw and "
            "affected; it has 2");
    refuses(OBJECT("'package':{'nane':'x'}"),
            "object 'o': unknown member 'nane', expected path, file, expression, concat, name, "
            "collectmatch, onlynewest, identifiers and import-chain");
    refuses(OBJECT("'package':{'onlynewest':true}"), "object 'o': package needs the text 'name'");
    refuses(OBJECT("'filecontent':{'path':'/x','file':'y'}"),
            "object 'o': filecontent needs the text 'expression'");
    refuses(OBJECT("'filecontent':{'path':'/x','file':'y','expression':'z'}"),
            "object 'o': 'z' has no group in parentheses");
    refuses(OBJECT("'filename':{'path':'/x','file':'y'}"),
            "object 'o': 'y' has no group in parentheses");
    refuses(OBJECT("'hasline':{'path':'/x','file':'(','expression':'z'}"),
            "object 'o': invalid regular expression '(': missing closing parenthesis at byte 1");
    refuses(OBJECT("'raw':{'identifiers':[{'value':'x'}]}"), "object 'o': an identifier is empty");
    refuses(
        OBJECT("'filecontent':{'path':'/x','file':'y','expression':'(z)','import-chain':['p']}"),
        "object 'o': import-chain names no object: 'p'");
    refuses(
        OBJECT("'filecontent':{'path':'/x','file':'y','expression':'(z)','import-chain':['o']}"),
        "object 'o': import-chain needs an object whose path holds ${chain_root}, which 'o' "
        "does not");
    refuses(OBJECT("'filecontent':{'path':'${chain_root}','file':'y','expression':'(z)',"
                   "'import-chain':['o']}"),
            "object 'o': import-chain goes on for more than 4 steps");
    refuses("{'objects':[" RAW("o") "," RAW("o") "]}", "there are two objects 'o'");
    refuses(TEST("{'object':'o'}"), "a test needs the text 'test', its id, of up to 512 bytes");
    refuses(TEST("{'test':'t','object':'p'}"), "test 't' needs an object; there is none 'p'");
    refuses(TEST("{'test':'t','object':'o'},{'test':'t','object':'o'}"), "there are two tests 't'");
    refuses(TEST("{'test':'t','object':'o','evr':{'operation':'=','value':'1'},'regexp':{'value':"
                 "'1'}}"),
            "test 't' has both evr and regexp");
    refuses(TEST("{'test':'t','object':'o','evr':{'operation':'~','value':'1'}}"),
            "test 't': invalid evr operation '~', expected <, <=, =, >=, > or !=");
    refuses(TEST("{'test':'t','object':'o','evr':{'operation':'<'}}"),
            "test 't': evr needs the text 'value'");
    refuses(TEST("{'test':'t','object':'o','regexp':{'value':'['}}"),
            "test 't': invalid regular expression '[': missing closing ] at byte 0");
    refuses(TEST("{'test':'t','object':'o','if':'x'}"),
            "'if' of test 't' must be an array of texts");
    refuses(TEST("{'test':'t','object':'o','if':['x']}"),
            "test 't' depends on 'x', which is no test");
    refuses(TEST("{'test':'t','object':'o','if':['t']}"), "test 't' depends on itself");
    refuses(TEST("{'test':'a','object':'o','if':['b']},{'test':'b','object':'o','if':['c']},"
                 "{'test':'c','object':'o','if':['a']}"),
            "test 'a' depends on itself");
    refuses(TEST("{'test':'t','object':'o','tags':[{'key':'a\\\"b','value':'c'}]}"),
            "tags of test 't' may not hold a double quote");
    refuses(OBJECT("'affected':[{'ranges':[]}]"),
            "object 'o': affected needs a package with a name");
    refuses(OBJECT("'affected':[{'package':{'name':'x','ecosystem':'npm'},'versions':['1']}]"),
            "object 'o': 'npm' is no ecosystem of installed packages (Debian, Ubuntu, Red Hat, "
            "SUSE, Alpine \xe2\x80\xa6)");
    refuses(OBJECT("'affected':[{'package':{'name':'x'}}]"),
            "object 'o': affected needs ranges, versions or range");
    refuses(OBJECT("'affected':[{'package':{'name':'x'},'ranges':[{'events':[{'fxied':'1'}]}]}]"),
            "object 'o': an event is introduced, fixed, last_affected or limit and a version");
}

/* "id=master,hastrue:result identifier:…" of each test, or its error. */
static const char *
evaluate(const char *document)
{
    static char text[8192];
    char parameters[8192];
    struct json_object *results = NULL, *list, *one;

    snprintf(parameters, sizeof(parameters), "{'scribedoc':%s}", document);
    assert_int_equal(mig_mock_run(mock, scribe, tree_json(parameters)), 0);
    assert_null(mig_mock_undeclared(mock, scribe));
    text[0] = '\0';
    json_object_object_get_ex(mig_mock_elements_object(mock), "results", &results);
    for (size_t i = 0; i < json_object_array_length(results); i++) {
#define SAY(...) snprintf(text + strlen(text), sizeof(text) - strlen(text), __VA_ARGS__)
        one = json_object_array_get_idx(results, i);
        SAY("%s%s=%d,%d", i > 0 ? " " : "",
            json_object_get_string(json_object_object_get(one, "testid")),
            json_object_get_boolean(json_object_object_get(one, "masterresult")),
            json_object_get_boolean(json_object_object_get(one, "hastrueresults")));
        if (json_object_get_boolean(json_object_object_get(one, "iserror")))
            SAY("!%s", json_object_get_string(json_object_object_get(one, "error")));
        list = json_object_object_get(one, "results");
        for (size_t k = 0; k < json_object_array_length(list); k++) {
            one = json_object_array_get_idx(list, k);
            SAY(":%d %s", json_object_get_boolean(json_object_object_get(one, "result")),
                json_object_get_string(json_object_object_get(one, "identifier")));
        }
    }
    return text;
}

#define T(id, rest) "{'test':'" id "','object':'o'," rest "}"
#define FILES(object, tests)                                                                       \
    "{'variables':[{'key':'root','value':'@'}],'objects':[" object "],'tests':[" tests "]}"

static void
tests_are_evaluated(void **state)
{
    (void)state;
    assert_string_equal(
        evaluate(
            "{'objects':[{'object':'o','raw':{'identifiers':[{'identifier':'a','value':'1.2'},"
            "{'identifier':'b','value':'1.10~rc1'}]}}],'tests':[" T(
                "lt",
                "'evr':{'operation':"
                "'<','value':'1.10'"
                "}") "," T("gt",
                           "'e"
                           "vr"
                           "':"
                           "{'"
                           "op"
                           "er"
                           "at"
                           "io"
                           "n'"
                           ":'"
                           ">'"
                           ",'"
                           "va"
                           "lu"
                           "e'"
                           ":'"
                           "1."
                           "9'"
                           "}") "," T("eq",
                                      "'evr':{'operation':'=','value':'1.2'},'regexp':{'value'"
                                      ":''}") "," T("ne",
                                                    "'evr':{'operation':'!=','value':'1."
                                                    "2'}") "," T("ge",
                                                                 "'evr':{'operation':'>="
                                                                 "','"
                                                                 "value':'2'}") "," T("r"
                                                                                      "e",
                                                                                      "'"
                                                                                      "r"
                                                                                      "e"
                                                                                      "g"
                                                                                      "e"
                                                                                      "x"
                                                                                      "p"
                                                                                      "'"
                                                                                      ":"
                                                                                      "{"
                                                                                      "'"
                                                                                      "v"
                                                                                      "a"
                                                                                      "l"
                                                                                      "u"
                                                                                      "e"
                                                                                      "'"
                                                                                      ":"
                                                                                      "'"
                                                                                      "^"
                                                                                      "1"
                                                                                      "\\\\."
                                                                                      "1"
                                                                                      "'"
                                                                                      "}") "," T("e"
                                                                                                 "x"
                                                                                                 "a"
                                                                                                 "c"
                                                                                                 "t",
                                                                                                 "'"
                                                                                                 "e"
                                                                                                 "x"
                                                                                                 "a"
                                                                                                 "c"
                                                                                                 "t"
                                                                                                 "m"
                                                                                                 "a"
                                                                                                 "t"
                                                                                                 "c"
                                                                                                 "h"
                                                                                                 "'"
                                                                                                 ":"
                                                                                                 "{"
                                                                                                 "'"
                                                                                                 "v"
                                                                                                 "a"
                                                                                                 "l"
                                                                                                 "u"
                                                                                                 "e"
                                                                                                 "'"
                                                                                                 ":"
                                                                                                 "'"
                                                                                                 "1"
                                                                                                 "."
                                                                                                 "2"
                                                                                                 "'"
                                                                                                 "}") "," T("any",
                                                                                                            "'name':'n'") "]}"),
        "lt=1,1:1 a:1 b gt=1,1:0 a:1 b eq=1,1:1 a:0 b ne=1,1:0 a:1 b ge=0,0:0 a:0 b "
        "re=1,1:0 a:1 b exact=1,1:1 a:0 b any=1,1:1 a:1 b");
    assert_int_equal(mig_mock_found(mock), 1);
    assert_string_equal(
        evaluate(TEST(T("a", "'if':['b']") "," T("b", "'if':['c']") "," T(
            "c",
            "'exactmatch':{'value':'w'}") "," T("d",
                                                "'if':['e']") "," T("e",
                                                                    "'exactmatch':{'value':'v'}"))),
        "a=0,1:1 i b=0,1:1 i c=0,0:0 i d=1,1:1 i e=1,1:1 i");
    assert_string_equal(evaluate(TEST(T("c", "'exactmatch':{'value':'w'}"))), "c=0,0:0 i");
    assert_int_equal(mig_mock_found(mock), 0);
}

static void
files_are_looked_into(void **state)
{
    char expected[8192];
    const char *at = root;

    (void)state;
    tree_text("etc/one.conf", "# port 1\nPort 22\nPort 2222\r\nUser root last");
    tree_text("etc/deep/two.conf", "Port 80\n");
    tree_text("etc/version-1.2.3.txt", "");
    tree_text("etc/other", "Port 9\n");
    snprintf(expected, sizeof(expected),
             "t=1,1:0 %s/etc/deep/two.conf:1 %s/etc/one.conf:0 %s/etc/one.conf", at, at, at);
    assert_string_equal(
        evaluate(FILES("{'object':'o','filecontent':{'path':'${root}/etc','file':'\\\\.conf$',"
                       "'expression':'^Port (\\\\d+)$'}}",
                       T("t", "'exactmatch':{'value':'22'}"))),
        expected);
    snprintf(expected, sizeof(expected), "t=1,1:0 %s/etc/deep/two.conf:1 %s/etc/one.conf", at, at);
    assert_string_equal(
        evaluate(FILES("{'object':'o','filecontent':{'path':'@/etc','file':'\\\\.conf$',"
                       "'expression':'^Port (\\\\d+)$','concat':', '}}",
                       T("t", "'exactmatch':{'value':'22, 2222'}"))),
        expected);
    snprintf(expected, sizeof(expected), "t=1,1:1 %s/etc/one.conf:1 %s/etc/one.conf", at, at);
    assert_string_equal(
        evaluate(FILES("{'object':'o','filecontent':{'path':'@/etc','file':'^one','expression':"
                       "'^User (r.*?)(?: (\\\\w+))?$'}}",
                       T("t", "'regexp':{'value':'^(root|last)$'}"))),
        expected);
    snprintf(expected, sizeof(expected), "t=1,1:1 %s/etc/version-1.2.3.txt", at);
    assert_string_equal(
        evaluate(FILES("{'object':'o','filename':{'path':'@/etc','file':'^version-(.*)[.]txt$'}}",
                       T("t", "'evr':{'operation':'<','value':'1.10'}"))),
        expected);
    snprintf(expected, sizeof(expected), "t=1,1:0 %s/etc/deep/two.conf:1 %s/etc/one.conf", at, at);
    assert_string_equal(evaluate(FILES("{'object':'o','hasline':{'path':'@/etc','file':'conf$',"
                                       "'expression':'^User'}}",
                                       T("t", "'exactmatch':{'value':'true'}"))),
                        expected);
    assert_string_equal(evaluate(FILES("{'object':'o','hasline':{'path':'@/none','file':'conf$',"
                                       "'expression':'^User'}}",
                                       T("t", "'name':'x'"))),
                        "t=0,0");
    assert_string_equal(mig_mock_errors(mock), "[]");
}

static void
chains_lead_to_the_files_beside(void **state)
{
    char expected[1024];
    const char *at = root;

    (void)state;
    tree_text("app/a/manifest", "name=alpha\n");
    tree_text("app/a/release", "release=7\n");
    tree_text("app/b/manifest", "name=beta\n");
    snprintf(expected, sizeof(expected),
             "t=1,1:0 %s/app/a/manifest:1 %s/app/a/manifest:0 %s/app/b/manifest", at, at, at);
    assert_string_equal(
        evaluate(FILES("{'object':'o','filecontent':{'path':'@/app','file':'^manifest$',"
                       "'expression':'^name=(.*)','import-chain':['r']}},"
                       "{'object':'r','filecontent':{'path':'${chain_root}','file':'^release$',"
                       "'expression':'^release=(.*)'}}",
                       T("t", "'exactmatch':{'value':'7'}"))),
        expected);
}

static void
errors_stay_with_their_tests(void **state)
{
    (void)state;
    assert_string_equal(
        evaluate("{'objects':[{'object':'p','hasline':{'path':'etc','file':'x','expression':'y'}}"
                 "," RAW("o") "],'tests':[{'test':'bad','object':'p'}," T(
                     "after", "'if':['bad']") "," T("good", "'name':'x'") "]}"),
        "bad=0,0!path 'etc' is not absolute after=0,0!a test dependency failed (\"bad\") "
        "good=1,1:1 i");
    assert_string_equal(mig_mock_errors(mock),
                        "[\"Error: path 'etc' is not absolute in \\\"bad\\\"\",\"Error: a test "
                        "dependency failed (\\\"bad\\\") in \\\"after\\\"\"]");
}

static void
true_ones_alone(void **state)
{
    (void)state;
    assert_int_equal(
        mig_mock_run(mock, scribe,
                     tree_json("{'scribedoc':" TEST(T("no", "'exactmatch':{'value':'w'}") "," T(
                         "yes", "'tags':[{'key':'k','value':'v'}],'name':'n','description':'"
                                "d'")) ",'onlytrue':true,'jsonoutput':true}")),
        0);
    assert_string_equal(
        mig_mock_elements(mock),
        "{\"results\":[{\"testid\":\"yes\",\"name\":\"n\",\"description\":\"d\",\"tags\":[{\"key\":"
        "\"k\",\"value\":\"v\"}],\"iserror\":false,\"error\":\"\",\"masterresult\":true,"
        "\"hastrueresults\":true,\"results\":[{\"result\":true,\"identifier\":\"i\"}]}],"
        "\"humanoutput\":false,\"jsonoutput\":true}");
    mig_mock_cancel_at(mock, 1);
    assert_int_equal(
        mig_mock_run(mock, scribe, tree_json("{'scribedoc':" TEST(T("a", "'name':'x'")) "}")),
        -ECANCELED);
    mig_mock_cancel_at(mock, -1);
    assert_string_equal(mig_mock_refusal(mock),
                        "the tests were cut short: cancelled or out of time");
}

/* ---- the text of a document ---- */

static void
parses(const char *text, const char *expected)
{
    struct json_object *parameters = json_object_new_object();

    if (text != NULL)
        json_object_object_add(parameters, "document", json_object_new_string(text));
    if (mig_mock_parse(mock, scribe, json_object_to_json_string(parameters)) == 0)
        assert_string_equal(mig_mock_output(mock), expected);
    else
        assert_string_equal(mig_mock_refusal(mock), expected);
    json_object_put(parameters);
}

static void
documents_are_read(void **state)
{
    (void)state;
    parses(NULL, "-path option is required");
    parses("\n{\"tests\": [1]}\n", "{\"scribedoc\":{\"tests\":[1]}}\n");
    parses("{\"tests\": [1]", "the document is not JSON at byte 13: continue");
    parses("{} x", "the document is not JSON at byte 3: more behind it");
#ifdef SCRIBE_YAML
    parses("# c\ntests:\n  - test: a\n    v: 1.10\n    q: \"true\"\n    t: true\n    n: ~\n",
           "{\"scribedoc\":{\"tests\":[{\"test\":\"a\",\"v\":\"1.10\",\"q\":\"true\",\"t\":true,"
           "\"n\":null}]}}\n");
    parses("a: &x b\nc: *x\n", "the document has an alias at line 2, which is not taken");
    parses("a: 1\na: 2\n", "the document has 'a' twice at line 2");
    parses("[a]: 1\n", "the document has a key that is no text at line 1");
    parses("- a\n", "the document is neither a JSON object nor a YAML mapping");
    parses("", "the document is neither a JSON object nor a YAML mapping");
    parses("a: [\n", "the document is not YAML at line 2: did not find expected node content");
    parses("a: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n",
           "the document is deeper than 32 at line 1");
#endif
}

static void
results_are_printed_as_the_original_does(void **state)
{
    static const char result[] =
        "{\"elements\":{\"results\":[{\"testid\":\"i\",\"name\":\"n\",\"iserror\":true,\"error\":"
        "\"e\",\"masterresult\":false,\"hastrueresults\":true,\"results\":[{\"result\":true,"
        "\"identifier\":\"/x\"}]},{\"testid\":\"j\",\"masterresult\":true,\"results\":null}],"
        "\"humanoutput\":%s,\"jsonoutput\":%s},\"errors\":[\"oh\"]}";
    char text[1024];

    (void)state;
    snprintf(text, sizeof(text), result, "false", "false");
    assert_int_equal(mig_mock_print(mock, scribe, text, 0), 0);
    assert_string_equal(mig_mock_output(mock),
                        "master [false] name:\"n\" id:\"i\" hastrue:true error:\"e\"\n"
                        "sub [true] name:\"n\" id:\"i\" identifier:\"/x\"\n"
                        "master [true] name:\"\" id:\"j\" hastrue:false error:\"\"\nerror: oh\n");
    snprintf(text, sizeof(text), result, "true", "false");
    assert_int_equal(mig_mock_print(mock, scribe, text, MIG_PRINT_FOUND_ONLY), 0);
    assert_string_equal(mig_mock_output(mock),
                        "result for \"n\" (i)\n"
                        "\tmaster result: false, has true results, failure caused by dependency\n"
                        "\t[error] error: e\n\t[true] identifier: /x\nresult for \"\" "
                        "(j)\n\tmaster result: true\n");
    snprintf(text, sizeof(text), result, "false", "true");
    assert_int_equal(mig_mock_print(mock, scribe, text, MIG_PRINT_FOUND_ONLY), 0);
    assert_string_equal(mig_mock_output(mock),
                        "{\"testid\":\"i\",\"name\":\"n\",\"iserror\":true,\"error\":\"e\","
                        "\"masterresult\":false,\"hastrueresults\":true,\"results\":[{\"result\":"
                        "true,\"identifier\":\"/x\"}]}\n{\"testid\":\"j\",\"masterresult\":true,"
                        "\"results\":null}\n");
}

static int
setup(void **state)
{
    const char *build = getenv("top_builddir");
    char path[512];

    (void)state;
    snprintf(path, sizeof(path), "%s/plugins/scribe/.libs/scribe.so", build ? build : ".");
    scribe = mig_mock_load(path);
    mock = mig_mock_new();
    root = tree_make();
    return scribe != NULL && mock != NULL ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    mig_mock_free(mock);
    tree_remove();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_are_refused),
        cmocka_unit_test(tests_are_evaluated),
        cmocka_unit_test(files_are_looked_into),
        cmocka_unit_test(chains_lead_to_the_files_beside),
        cmocka_unit_test(errors_stay_with_their_tests),
        cmocka_unit_test(true_ones_alone),
        cmocka_unit_test(documents_are_read),
        cmocka_unit_test(results_are_printed_as_the_original_does),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, setup, teardown);
}
