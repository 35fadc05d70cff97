import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { answer, api } from "../api/client";
import { useRestaurants } from "../reviews/queries";
import { Field } from "../ui/Field";
import { TextArea, TextField } from "../ui/TextField";
import { Outcome } from "./Outcome";
import { useSend } from "./useSend";

/** Adds restaurants, and items to them. */
export default function PlacesDesk() {
  return (
    <div className="stack stack-wide">
      <AddRestaurant />
      <AddItem />
    </div>
  );
}

const NOWHERE = { name: "", address: "", description: "" };

function AddRestaurant() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [place, setPlace] = useState(NOWHERE);
  const sending = useSend(async () => {
    const added = await answer(api.POST("/api/v1/restaurants", { body: place }));
    void queries.invalidateQueries({ queryKey: ["restaurants"] });
    setPlace(NOWHERE);
    return added;
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="card stack" onSubmit={submit} aria-label={t("places.addRestaurant")}>
      <h2>{t("places.addRestaurant")}</h2>
      <div className="fields">
        <TextField
          label={t("places.name")}
          required
          maxLength={200}
          value={place.name}
          put={(name) => setPlace({ ...place, name })}
        />
        <TextField
          label={t("places.address")}
          maxLength={400}
          value={place.address}
          put={(address) => setPlace({ ...place, address })}
        />
      </div>
      <TextArea
        label={t("places.description")}
        maxLength={4_000}
        value={place.description}
        put={(description) => setPlace({ ...place, description })}
      />
      <Outcome problem={sending.problem}>
        {sending.done && (
          <p className="note note-good">
            <Link to={`/restaurants/${sending.done.restaurant_id}`}>{sending.done.name}</Link>
          </p>
        )}
      </Outcome>
      <div>
        <button type="submit" className="button button-main" disabled={sending.isBusy}>
          {t("places.addRestaurant")}
        </button>
      </div>
    </form>
  );
}

function AddItem() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [q, setQ] = useState("");
  const places = useRestaurants(q.trim()).data?.pages.flatMap((page) => page.items);
  const [restaurantId, setRestaurantId] = useState("");
  const [item, setItem] = useState({ name: "", description: "" });
  const sending = useSend(async () => {
    const params = { path: { restaurant_id: restaurantId } };
    const call = api.POST("/api/v1/restaurants/{restaurant_id}/items", { params, body: item });
    const added = await answer(call);
    void queries.invalidateQueries({ queryKey: ["restaurants"] });
    setItem({ name: "", description: "" });
    return added;
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    void sending.run();
  }

  return (
    <form className="card stack" onSubmit={submit} aria-label={t("places.addItem")}>
      <h2>{t("places.addItem")}</h2>
      <div className="fields">
        <TextField label={t("place.search")} type="search" maxLength={200} value={q} put={setQ} />
        <Field label={t("places.restaurant")}>
          {(control) => (
            <select
              {...control}
              required
              value={restaurantId}
              onChange={(event) => setRestaurantId(event.target.value)}
            >
              <option value="">{t("grant.choose")}</option>
              {places?.map((place) => (
                <option key={place.restaurant_id} value={place.restaurant_id}>
                  {place.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <TextField
          label={t("places.name")}
          required
          maxLength={200}
          value={item.name}
          put={(name) => setItem({ ...item, name })}
        />
      </div>
      <TextArea
        label={t("places.description")}
        maxLength={4_000}
        value={item.description}
        put={(description) => setItem({ ...item, description })}
      />
      <Outcome problem={sending.problem}>
        {sending.done && (
          <p className="note note-good">
            <Link to={`/items/${sending.done.item_id}`}>{sending.done.name}</Link>
          </p>
        )}
      </Outcome>
      <div>
        <button type="submit" className="button button-main" disabled={sending.isBusy}>
          {t("places.addItem")}
        </button>
      </div>
    </form>
  );
}
