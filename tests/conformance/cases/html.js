// covers: k6/html/parseHTML, k6/html/Selection, k6/html/Element, Response/html(), Response/submitForm(), Response/clickLink()
import http from 'k6/http';
import { parseHTML } from 'k6/html';
import { check } from 'k6';
export default function () {
  const page = http.get(`http://${__ENV.ECHO}/html`);
  const doc = page.html();
  check(doc, {
    'find and text': (d) => d.find('h1').text() === 'Welcome' && d.find('title').text() === 'Shop',
    'attr, each, size': (d) => d.find('li.item').size() === 2 && d.find('li').first().attr('data-price') === '3',
    'filter and map': (d) => d.find('li').filter('.item').map((i, e) => e.text()).join() === 'one,two',
    'siblings': (d) => d.find('li').eq(0).next().text() === 'two' && d.find('li').last().prevAll().size() === 2,
    'form values': (d) => d.find('form').serializeObject().size === 'm' && d.find('select').val() === 'm',
    'element': (d) => d.find('a').get(0).getAttribute('href') === '/echo?from=link',
    'parseHTML': () => parseHTML('<p>a<b>b</b></p>').find('b').parent().html() === 'a<b>b</b>',
  });
  check(page.submitForm({ fields: { user: 'bert' } }), {
    'submitForm': (r) => r.json('user') === 'bert' && r.json('token') === 't1' && r.json('size') === 'm' });
  check(page.clickLink(), { 'clickLink': (r) => r.json('query.from') === 'link' });
}
