#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "reports/symbols/short_name.h"

static const struct {
	const char *name;
	const char *expected;
} rows[] = {
	{"std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, std::alloca"
	 "tor<char> >, std::allocator<std::__cxx11::basic_string<char, std::char_traits<ch"
	 "ar>, std::allocator<char> > > >::push_back(std::__cxx11::basic_string<char, std:"
	 ":char_traits<char>, std::allocator<char> > const&)",
	 "std::vector<std::string>::push_back"},
	{"void std::vector<std::__cxx11::basic_string<char, std::char_traits<char>, std::a"
	 "llocator<char> >, std::allocator<std::__cxx11::basic_string<char, std::char_trai"
	 "ts<char>, std::allocator<char> > > >::_M_realloc_insert<std::__cxx11::basic_stri"
	 "ng<char, std::char_traits<char>, std::allocator<char> > const&>(int)",
	 "std::vector<std::string>::_M_realloc_insert<std::string const&>"},
	{"main::{lambda()#1}::operator()() const::am", "main::lambda#1::am"},
	{"guard variable for main::{lambda()#1}::operator()() const::am",
	 "guard variable for main::lambda#1::am"},
	{"guard variable for f(int)::x", "guard variable for f::x"},
	{"main::{lambda(int)#1}::operator()(int) const", "main::lambda#1"},
	{"Cache<std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<ch"
	 "ar> >, std::shared_ptr<Session>, std::unordered_map>::get(std::__cxx11::basic_st"
	 "ring<char> const&) const",
	 "Cache<std::string, std::shared_ptr<Session>, ...>::get"},
	{"const Cache<std::__cxx11::basic_string<char, std::char_traits<char>, std::alloca"
	 "tor<char> >, std::shared_ptr<Session>, std::unordered_map>.hits_",
	 "const Cache<std::string, std::shared_ptr<Session>, ...>.hits_"},
	{"operator()", "operator()"},
	{"operator new(unsigned long)", "operator new"},
	{"operator delete[](void*)", "operator delete[]"},
	{"std::ostream& std::operator<< <std::char_traits<char> >(std::ostream&, char cons"
	 "t*)",
	 "std::operator<< <std::char_traits<char>>"},
	{"bool operator< <int>(A<int> const&, A<int> const&)", "operator< <int>"},
	{"A::operator bool() const", "A::operator bool"},
	{"A::operator std::string() const", "A::operator std::string"},
	{"(anonymous namespace)::worker(void*)", "(anonymous namespace)::worker"},
	{"int (anonymous namespace)::f<int>(int)", "(anonymous namespace)::f<int>"},
	{"std::function<void (int, std::string)>::operator()(int, std::string) const",
	 "std::function<void (int, std::string)>::operator()"},
	{"__invoke_impl<void, main()::<lambda()> >", "__invoke_impl<void, main::<lambda>>"},
	{"std::thread::_State_impl<std::thread::_Invoker<std::tuple<main::{lambda()#1}> > "
	 ">::_M_run()",
	 "std::thread::_State_impl<...>::_M_run"},
	{"<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop",
	 "<alloc::vec::Vec<T> as core::ops::drop::Drop>::drop"},
	{"prog::main::{{closure}}", "prog::main::{{closure}}"},
	{"core::ops::function::FnOnce::call_once{{vtable.shim}}",
	 "core::ops::function::FnOnce::call_once{{vtable.shim}}"},
	{"std::map<int, Foo, std::less<int>, std::allocator<std::pair<int const, Foo> > >:"
	 ":operator[](int const&)",
	 "std::map<int, Foo>::operator[]"},
	{"void (*signal_handler(int))(int)", "void (*signal_handler(int))(int)"},
	{"non-virtual thunk to A::f()", "A::f"},
	{"std::unique_ptr<Foo, std::default_delete<Foo> >::~unique_ptr()",
	 "std::unique_ptr<Foo>::~unique_ptr"},
	{"A<(E)1>::f()", "A<1>::f"},
	{"main", "main"},
	{"std::_Rb_tree<int, std::pair<int const, Foo>, std::_Select1st<std::pair<int cons"
	 "t, Foo> >, std::less<int>, std::allocator<std::pair<int const, Foo> > >::find",
	 "std::_Rb_tree<int, std::pair<int const, Foo>, ...>::find"},
	{"f(int) [clone .isra.0]", "f [clone .isra.0]"},
	{"bank.c:accounts[0].lock", "bank.c:accounts[0].lock"},
	{"struct conn.refs", "struct conn.refs"},
	{"basic_string<char, std::char_traits<char>, std::allocator<char> > *", "std::string *"},
};

START_TEST(a_name_is_as_people_write_it)
{
	struct pool pool = {0};

	ck_assert_str_eq(short_name(&pool, rows[_i].name), rows[_i].expected);
	pool_free(&pool);
}
END_TEST

/* Whatever stands in a symbol table: no crash, and nothing out of bounds. */
static const struct {
	const char *name;
	const char *expected;
} outlines[] = {
	{"main", "main"},
	{"Cache<std::string, std::shared_ptr<Session>, ...>::get", "Cache<...>::get"},
	{"A<B<int>>::C<int>::f", "A<...>::C<...>::f"},
	{"std::operator<< <std::char_traits<char>>",
	 "std::operator<< <std::char_traits<...>>"},
	{"operator<", "operator<"},
};

START_TEST(an_outline_has_no_template_arguments)
{
	struct pool pool = {0};

	ck_assert_str_eq(short_name_outline(&pool, outlines[_i].name), outlines[_i].expected);
	pool_free(&pool);
}
END_TEST

START_TEST(any_text_is_a_name)
{
	static const char *const parts[] = {"<",	">",
					    "(",	")",
					    "{",	"}",
					    ",",	" ",
					    "a",	"::",
					    "std::",	"operator",
					    "-",	"std::allocator<",
					    "{lambda(", "std::__cxx11::"};
	struct pool pool = {0};
	char name[1024];

	srand(1);
	for (int i = 0; i < 20000; i++) {
		name[0] = '\0';
		for (int length = rand() % 60; length > 0; length--)
			strcat(name, parts[(size_t)rand() % ARRAY_LENGTH(parts)]);
		ck_assert_uint_le(strlen(short_name(&pool, name)), 3 * strlen(name));
		ck_assert_uint_le(strlen(short_name_outline(&pool, name)), 3 * strlen(name));
	}
	pool_free(&pool);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_short_name");
	TCase *tests = tcase_create("report_short_name");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, a_name_is_as_people_write_it, 0, ARRAY_LENGTH(rows));
	tcase_add_loop_test(tests, an_outline_has_no_template_arguments, 0,
			    ARRAY_LENGTH(outlines));
	tcase_add_test(tests, any_text_is_a_name);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
