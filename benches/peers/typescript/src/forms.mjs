// The forms and how they are summed up; zod checks types and bounds.

import * as z from 'zod';

const word = z.string();
const natural = z.int().min(0);

const form5 = z.object({
    name: z.string().min(1).max(100),
    email: z.string().min(1).max(200),
    age: z.int().min(0).max(150),
    price: z.number().min(0),
    active: z.enum(['yes', 'no'])
});

const words = [
    ...['name', 'email', 'street', 'city', 'country'],
    ...['phone', 'company', 'title', 'note', 'reference']
];
const wholes = ['age', 'quantity', 'floor', 'year'];
const parts = ['price', 'discount', 'weight'];
const flags = ['active', 'verified', 'newsletter'];

const of = (names, kind) => Object.fromEntries(names.map(name => [name, kind]));

const form20 = z.object({
    ...of(words, word),
    ...of(wholes, natural),
    floor: z.int(),
    ...of(parts, z.number()),
    ...of(flags, z.boolean())
});

const sum = (form, names, value) => names.reduce((all, name) => all + value(form[name]), 0);

function summary20(form) {
    const bytes = sum(form, words, word => Buffer.byteLength(word));
    const set = sum(form, flags, Number);
    return `${bytes} bytes, ${sum(form, wholes, Number)}, ${sum(form, parts, Number)}, ${set} set`;
}

function summary5({ name, email, age, price, active }) {
    const bytes = Buffer.byteLength(name) + Buffer.byteLength(email);
    return `${bytes} bytes, ${age}, ${price}, ${active}`;
}

function summary1000(form) {
    return `${Object.keys(form).length} fields`;
}

export const forms = [
    { name: 'form5', shape: form5, summary: summary5 },
    { name: 'form20', shape: form20, summary: summary20 },
    { name: 'form1000', shape: z.looseObject({}), summary: summary1000 }
];
